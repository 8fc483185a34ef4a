using System.Collections.Frozen;

namespace OvnNestApi.Problems;

/// <summary>One code of the API: what every occurrence of it has in common.</summary>
/// <param name="Code">Stable, kebab-case.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">One sentence, the same for every occurrence.</param>
/// <param name="Explanation">What it means and what to do: the text of <c>/problems/{code}</c>.</param>
/// <param name="Retryable">The same request may succeed later without a change. An occurrence may say otherwise.</param>
public sealed record ProblemKind(string Code, int Status, string Title, string Explanation, bool Retryable = false);

/// <summary>Every code that the service can answer with.</summary>
public static class ProblemCatalogue
{
    private static readonly ProblemKind[] Kinds =
    [
        new(
            "malformed-json",
            400,
            "The body is not JSON",
            "The request's body could not be read as one JSON value (RFC 8259), or nests deeper than 32. Nothing was stored. The detail says where reading stopped."
        ),
        new(
            "validation-failed",
            400,
            "Some fields are not valid",
            "One or more fields are unknown, doubled, of the wrong type, or have a value that is not allowed. `errors` names every one of them by JSON pointer. Nothing was stored."
        ),
        new(
            "unknown-parameter",
            400,
            "A query parameter is not known",
            "The query has a parameter that this operation does not know, has one twice, or has a value that it cannot read. Nothing was done, because a misspelt filter would otherwise answer with everything."
        ),
        new(
            "name-mismatch",
            400,
            "The body names another object than the URL",
            "`name` in the body differs from the name in the URL. Objects are not renamed: leave `name` out, or make the two agree."
        ),
        new(
            "cursor-invalid",
            400,
            "The cursor is not one of ours",
            "`cursor` or `after` must be a value that an earlier answer of the same list gave."
        ),
        new(
            "unauthenticated",
            401,
            "A key is needed",
            "Send `Authorization: Bearer <key>`. The key is missing, unknown, expired or revoked."
        ),
        new(
            "enrolment-invalid",
            401,
            "The enrolment token is not valid",
            "The token is unknown, expired, or was used with another key. Ask an admin for a new one (`POST /v1/hosts/{host}/enrolment`)."
        ),
        new(
            "forbidden",
            403,
            "The key may not do this",
            "The key is valid, but its role does not allow this operation. A host's credential may only reach its own work, report and credentials."
        ),
        new("not-found", 404, "There is no such object", "No object or address of this name exists, or the name can be none."),
        new(
            "method-not-allowed",
            405,
            "The method is not offered here",
            "The URL exists but does not take this method. `Allow` lists those that it takes."
        ),
        new("not-acceptable", 406, "No acceptable representation", "`Accept` admits none of the representations that this resource has."),
        new(
            "wait-timeout",
            408,
            "The condition was not reached in time",
            "The object did not become ready, or was not gone, within the time asked for. Nothing failed: ask again, and see `status.reason` for what is missing.",
            true
        ),
        new(
            "already-exists",
            409,
            "The name is in use",
            "An object of this kind and name exists. `PUT` replaces it; a `POST` only creates."
        ),
        new(
            "revision-conflict",
            409,
            "The object has changed",
            "`metadata.revision` or `metadata.id` of the body is not that of the stored object: somebody changed it since you read it. Read it again and decide anew."
        ),
        new(
            "in-use",
            409,
            "Others depend on the object",
            "The object cannot go, or change in this way, while others depend on it; the detail names some of them. Remove them first, or send `?cascade=true` where the operation offers it."
        ),
        new(
            "being-deleted",
            409,
            "A parent is being deleted",
            "What you refer to is on its way out, so nothing new may start to depend on it. Try again when it is gone, or has been created anew.",
            true
        ),
        new(
            "reference-missing",
            409,
            "A referenced object does not exist",
            "A field names an object that does not exist. Create it first."
        ),
        new(
            "immutable",
            409,
            "The field cannot be changed",
            "The field is fixed once the object exists, or the change would leave out what is in use."
        ),
        new(
            "name-taken",
            409,
            "The asked name is taken",
            "A port, device, bridge, namespace or switch of this name belongs to another object, or is reserved. Ask for another, or for none: then one is chosen."
        ),
        new(
            "vlan-tag-taken",
            409,
            "The VLAN tag is taken",
            "The tag is reserved by or bound to another container, or a host may still use it (draining), or it cools down. In the last two cases it becomes free by itself."
        ),
        new(
            "vlan-tags-exhausted",
            409,
            "No VLAN tag is free",
            "Every tag of the VM's ranges is taken, draining or cooling. Widen `vlanRanges`, remove containers, or wait for the cool-down.",
            true
        ),
        new(
            "address-taken",
            409,
            "The address is taken",
            "Another port of the network has this IP or MAC address, the network itself uses it, or the subnet overlaps another one of the same router."
        ),
        new(
            "addresses-exhausted",
            409,
            "No address is free",
            "Every address of the subnet is in use or reserved. Widen the subnet, or remove ports.",
            true
        ),
        new(
            "idempotency-in-flight",
            409,
            "The same request is still running",
            "A request with this `Idempotency-Key` has not ended yet. Repeat it in a moment.",
            true
        ),
        new(
            "reconciler-off",
            409,
            "The reconciler does not act",
            "The operation needs the reconciler, and its mode is `observe` or `off`.",
            true
        ),
        new(
            "cursor-expired",
            410,
            "The cursor is too old",
            "What follows this cursor is no longer kept, or the database was restored since. Read the lists anew and go on from their `changesCursor`."
        ),
        new(
            "precondition-failed",
            412,
            "The precondition does not hold",
            "`If-Match` is not the object's present ETag, or `If-None-Match: *` met an existing object. Read the object again and decide anew."
        ),
        new("body-too-large", 413, "The body is too large", "A body may have 1 MiB."),
        new(
            "unsupported-media-type",
            415,
            "The body's media type is not taken",
            "Send `Content-Type: application/json`, with curl simply by `curl --json`. A PATCH takes `application/merge-patch+json` (RFC 7396) only."
        ),
        new(
            "idempotency-key-reused",
            422,
            "The Idempotency-Key was used for another request",
            "The same key came before with another path or body. Use a new key for a new request."
        ),
        new(
            "rate-limited",
            429,
            "Too many requests",
            "This key has sent more requests than the service is configured to take. `Retry-After` says when to go on.",
            true
        ),
        new(
            "internal",
            500,
            "The service has a bug",
            "Something happened that the service does not expect. The transaction was rolled back. Please report the `requestId`."
        ),
        new(
            "database-unavailable",
            503,
            "The database is out of reach",
            "The service could not reach its database in time. Nothing was stored; the same request may be sent again.",
            true
        ),
        new(
            "outcome-unknown",
            503,
            "It is not known whether the change was stored",
            "The link to the database broke while the change was being committed. Read the object, or simply send the same PUT or DELETE again: repeating it is safe.",
            true
        ),
        new(
            "schema-mismatch",
            503,
            "The database's schema is of another version",
            "The program and the schema of its database do not fit. Run the migrations of this version, or start the version that fits.",
            true
        ),
        new(
            "shutting-down",
            503,
            "The service is shutting down",
            "This process ends and takes no more waiting requests. Send the request again: another process answers.",
            true
        ),
    ];

    /// <summary>All codes, in the order of their status.</summary>
    public static IReadOnlyList<ProblemKind> All => Kinds;

    /// <summary>By code.</summary>
    public static FrozenDictionary<string, ProblemKind> ByCode { get; } = Kinds.ToFrozenDictionary(kind => kind.Code);
}
