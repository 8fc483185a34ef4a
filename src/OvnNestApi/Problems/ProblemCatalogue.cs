using System.Collections.Frozen;

namespace OvnNestApi.Problems;

/// <summary>A problem code of the API, with the texts that all its occurrences share.</summary>
/// <param name="Code">Stable code in kebab case.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">Short summary, the same for every occurrence.</param>
/// <param name="Explanation">Meaning and remedy, in Markdown: the text of <c>/problems/{code}</c>.</param>
/// <param name="Retryable">True if the same request may succeed later. A single occurrence can override it.</param>
public sealed record ProblemKind(string Code, int Status, string Title, string Explanation, bool Retryable = false);

/// <summary>All problem codes that the service can return.</summary>
public static class ProblemCatalogue
{
    private static readonly ProblemKind[] Kinds =
    [
        new(
            "malformed-json",
            400,
            "The body is not valid JSON",
            "The request body is not one JSON value (RFC 8259), or it is nested more than 32 levels deep. The detail shows "
                + "where parsing stopped. Nothing was stored."
        ),
        new(
            "validation-failed",
            400,
            "One or more fields are not valid",
            "One or more fields are unknown, repeated, of the wrong type, or have a value that is not allowed. `errors` "
                + "lists every such field by JSON pointer. A name or tag in the URL of a request that creates a resource is "
                + "checked by the same rules. Nothing was stored."
        ),
        new(
            "unknown-parameter",
            400,
            "The operation does not support a query parameter",
            "A query parameter is unknown to this operation, or is repeated. The request was rejected, because an ignored "
                + "filter would return everything. The detail lists the supported parameters."
        ),
        new(
            "invalid-parameter",
            400,
            "The value of a query parameter is not valid",
            "The operation supports the query parameter, but not this value. The detail states which values are valid. The "
                + "request was rejected, because an ignored filter would return everything."
        ),
        new(
            "name-mismatch",
            400,
            "The name in the body differs from the name in the URL",
            "`name` in the body must equal the name in the URL. A resource cannot be renamed: leave `name` out, or send the "
                + "name from the URL."
        ),
        new(
            "cursor-invalid",
            400,
            "The cursor is not valid",
            "`cursor` or `after` must be a value from an earlier response of the same list."
        ),
        new(
            "unauthenticated",
            401,
            "A valid API key is required",
            "The API key is missing, unknown, expired or revoked. Send `Authorization: Bearer <key>`."
        ),
        new(
            "enrolment-invalid",
            401,
            "The enrolment token is not valid",
            "The token is unknown, expired, or was already used with another key. Ask an admin for a new token (`POST "
                + "/v1/hosts/{host}/enrolment`)."
        ),
        new(
            "forbidden",
            403,
            "The key does not permit this operation",
            "The key is valid, but its role does not permit this operation. The credential of a host gives access only to "
                + "that host's work, report, checks and credentials."
        ),
        new("not-found", 404, "The resource does not exist", "No resource exists at this URL, or the name in the URL is not a valid name."),
        new(
            "method-not-allowed",
            405,
            "The URL does not support this method",
            "The URL exists, but it does not support the method of the request. The header `Allow` lists the supported " + "methods."
        ),
        new("not-acceptable", 406, "No acceptable representation", "The URL has no representation that the header `Accept` allows."),
        new(
            "wait-timeout",
            408,
            "The condition was not reached in time",
            "The resource did not become ready, or was not removed, within the requested time. Nothing failed: repeat the "
                + "request, and read `status.reason` to see what is missing.",
            true
        ),
        new(
            "session-superseded",
            409,
            "A later agent has taken over the host",
            "An agent opens a session when it starts; the sessions of agents that were started earlier with the key of the same "
                + "host end. An agent that gets this answer changes nothing any more. Stop all agents of the host but one, and "
                + "start that one again."
        ),
        new(
            "host-identity",
            409,
            "The host is bound to another system-id",
            "The first session after an enrolment binds the host to the `system-id` of its Open vSwitch. An agent with the key "
                + "of the host runs at another `system-id`. If the host has got a new one, an admin sends `DELETE "
                + "/v1/hosts/{host}/session`, or enrols the host again. Otherwise the key was copied to another machine: stop the "
                + "agent there, and enrol the host again."
        ),
        new(
            "already-exists",
            409,
            "The name is in use",
            "A resource of this kind with this name already exists. Use `PUT` to replace it; `POST` only creates."
        ),
        new(
            "revision-conflict",
            409,
            "The resource has changed",
            "`metadata.revision` or `metadata.id` in the body differs from the stored resource: it was changed after you "
                + "read it. Read it again and repeat your change."
        ),
        new(
            "in-use",
            409,
            "Other resources depend on this resource",
            "The resource cannot be deleted, or changed in this way, while other resources depend on it. The detail names "
                + "some of them. Delete them first, or send `?cascade=true` where the operation supports it."
        ),
        new(
            "being-deleted",
            409,
            "The resource, or one that it refers to, is being deleted",
            "A resource that is being deleted cannot be changed, and nothing new can refer to it. Try again when it has "
                + "been removed or created again.",
            true
        ),
        new(
            "reference-missing",
            409,
            "A referenced resource does not exist",
            "A field refers to a resource that does not exist. Create that resource first."
        ),
        new(
            "immutable",
            409,
            "The field cannot be changed",
            "The field cannot be changed after the resource was created, or the new value would exclude something that is " + "in use."
        ),
        new(
            "name-taken",
            409,
            "The requested name is taken",
            "The name of a port, device, bridge, namespace or switch belongs to another resource, or is reserved. Request "
                + "another name, or leave the field out to have a name chosen."
        ),
        new(
            "vlan-tag-taken",
            409,
            "The VLAN tag is not free",
            "The tag is reserved, bound to a container, draining (a host may still use it), or cooling down. A draining or "
                + "cooling tag becomes free without further action."
        ),
        new(
            "vlan-tags-exhausted",
            409,
            "No VLAN tag is free",
            "Every tag in the VM's ranges is reserved, bound, draining or cooling. Extend `vlanRanges`, delete containers "
                + "or reservations, or wait for the end of the cool-down.",
            true
        ),
        new(
            "address-taken",
            409,
            "The address is taken",
            "The IP or MAC address belongs to another port of the network or to its gateway, or the subnet overlaps another "
                + "subnet of the same router."
        ),
        new(
            "addresses-exhausted",
            409,
            "No address is free",
            "Every address of the subnet is in use or reserved. Enlarge the subnet, or delete ports.",
            true
        ),
        new(
            "not-checkable",
            409,
            "The check cannot run",
            "A check needs a VM that is on a host, a network namespace that the agent created (workload `namespace`), and an "
                + "address of the target. The detail says what is missing."
        ),
        new(
            "not-adoptable",
            409,
            "A row of the northbound database cannot be adopted",
            "Adoption completes rows that were made by hand, and never changes what they have: a row has a defect, was changed since the "
                + "list was read, or differs from the resource in the request. `errors` lists every difference. Mend the row or the "
                + "request. Nothing was adopted."
        ),
        new(
            "idempotency-in-flight",
            409,
            "The same request is still running",
            "An earlier request with this `Idempotency-Key` has not finished. Repeat the request later.",
            true
        ),
        new(
            "cursor-expired",
            410,
            "The cursor is too old",
            "The changes after this cursor are no longer stored, or the database was restored from a backup. Read the lists "
                + "again and continue from their `changesCursor`."
        ),
        new(
            "precondition-failed",
            412,
            "The precondition is not met",
            "`If-Match` does not equal the current ETag of the resource, or `If-None-Match: *` was sent and the resource "
                + "exists. Read the resource again and repeat your change."
        ),
        new("body-too-large", 413, "The body is too large", "The maximum size of a request body is 1 MiB."),
        new(
            "unsupported-media-type",
            415,
            "The media type is not supported",
            "Send `Content-Type: application/json` (`curl --json` does so). `PATCH` supports `application/merge-patch+json` "
                + "(RFC 7396) only."
        ),
        new(
            "idempotency-key-reused",
            422,
            "The Idempotency-Key was used for another request",
            "An earlier request used this key with another path, query or body. Use a new key for each new request."
        ),
        new(
            "rate-limited",
            429,
            "Too many requests",
            "The key has sent more requests than the configured limit, or too many checks of a host have no result yet. The "
                + "header `Retry-After` says when to try again.",
            true
        ),
        new(
            "internal",
            500,
            "Internal error",
            "An unexpected error occurred in the service. The transaction was rolled back. Please report the `requestId`."
        ),
        new(
            "database-unavailable",
            503,
            "The database is not available",
            "The service could not reach its database in time. Nothing was stored. Repeat the request.",
            true
        ),
        new(
            "northbound-unavailable",
            503,
            "The northbound database is not available",
            "The request needs the northbound database of OVN, and this process could not read it in time. Nothing was stored. Repeat the "
                + "request. `GET /v1/reconciler` shows whether the leader reaches the database.",
            true
        ),
        new(
            "outcome-unknown",
            503,
            "The outcome of the change is unknown",
            "The connection to the database was lost during the commit. Repeat the same `PUT` or `DELETE`, or the `POST` with "
                + "the same `Idempotency-Key` (this is safe), or read the resource.",
            true
        ),
        new(
            "schema-mismatch",
            503,
            "The database schema has another version",
            "The schema of the database does not match the version of the program. Run the migrations of this version, or "
                + "start the version that matches the schema.",
            true
        ),
        new(
            "shutting-down",
            503,
            "The service is shutting down",
            "This process is shutting down and does not hold requests any more. Repeat the request; another process can " + "answer it.",
            true
        ),
    ];

    /// <summary>All codes, ordered by HTTP status.</summary>
    public static IReadOnlyList<ProblemKind> All => Kinds;

    /// <summary>All codes, by <see cref="ProblemKind.Code"/>.</summary>
    public static FrozenDictionary<string, ProblemKind> ByCode { get; } = Kinds.ToFrozenDictionary(kind => kind.Code);
}
