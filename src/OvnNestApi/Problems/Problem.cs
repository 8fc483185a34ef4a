using System.Globalization;
using OvnNestApi.Schema;

namespace OvnNestApi.Problems;

/// <summary>An expected failure of a request, sent as problem details (RFC 9457). Rules return it and do not throw it.</summary>
/// <param name="Code">Stable code in kebab case; <c>type</c> is <c>/problems/{code}</c>.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">Short summary, the same for every occurrence of the code.</param>
/// <param name="Detail">Description of this occurrence, and the remedy.</param>
/// <param name="Retryable">True if the same request may succeed later.</param>
public sealed record Problem(string Code, int Status, string Title, string Detail, bool Retryable = false)
{
    /// <summary>Fields of the body that caused the problem; empty if no field did.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>Time after which the client can try again; null if unknown.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Returns the problems of several resources as one: the first, with the errors of all. Null if there are none.</summary>
    public static Problem? Join(IEnumerable<Problem> problems)
    {
        var all = problems.ToList();
        return all switch
        {
            [] => null,
            [var one] => one,
            [var first, ..] => first with
            {
                Detail = $"{first.Detail} More resources of the body have problems; see errors.",
                Errors = [.. all.SelectMany(one => one.Errors)],
            },
        };
    }

    /// <summary>Returns the problem of a part of the body as a problem of the body.</summary>
    /// <param name="at">JSON pointer to the part; "#" for the whole body.</param>
    public Problem Below(string at) =>
        (at, Errors) switch
        {
            ("#", _) => this,
            (_, []) => this with { Errors = [new(at, Detail)] },
            _ => this with
            {
                // The detail of a single error begins with its pointer.
                Detail = Detail.StartsWith('#') ? at + Detail[1..] : Detail,
                Errors = [.. Errors.Select(error => error with { Pointer = at + error.Pointer[1..] })],
            },
        };

    public static Problem MalformedJson(string detail) => Of("malformed-json", detail);

    public static Problem ValidationFailed(IReadOnlyList<FieldError> errors) =>
        Of(
            "validation-failed",
            errors.Count == 1 ? $"{errors[0].Pointer}: {errors[0].Detail}" : $"{errors.Count} fields are not valid."
        ) with
        {
            Errors = errors,
        };

    /// <summary>One value is not valid; <paramref name="pointer"/> is null if no field of the body holds it.</summary>
    public static Problem ValidationFailed(string? pointer, string detail) =>
        pointer is null ? Of("validation-failed", detail) : ValidationFailed([new(pointer, detail)]);

    /// <summary>A query parameter that the operation does not support, or that is repeated.</summary>
    public static Problem UnknownParameter(string detail) => Of("unknown-parameter", detail);

    /// <summary>A query parameter that the operation supports, with a value that is not valid.</summary>
    public static Problem InvalidParameter(string detail) => Of("invalid-parameter", detail);

    public static Problem NameMismatch(string detail) => Of("name-mismatch", detail, "#/name");

    public static Problem CursorInvalid() => Of("cursor-invalid", "The cursor does not come from an earlier response of this list.");

    public static Problem Unauthenticated() => Of("unauthenticated", "Send a valid API key: Authorization: Bearer <key>.");

    public static Problem EnrolmentInvalid() =>
        Of("enrolment-invalid", "The token is unknown, expired, or was already used with another key.");

    public static Problem SessionSuperseded(string detail) => Of("session-superseded", detail);

    public static Problem HostIdentity(string detail) => Of("host-identity", detail);

    public static Problem Forbidden(string detail = "The role of the key does not permit this operation.") => Of("forbidden", detail);

    /// <summary>
    /// A resource that does not exist. The detail repeats <paramref name="name"/> if it is a valid name, else it states the rule.
    /// </summary>
    public static Problem NotFound(string kind, string name) =>
        Of("not-found", ResourceName.IsValid(name) ? $"The {kind} {name} does not exist." : NameRule(kind));

    /// <summary>A request that would create a resource has a name in its URL that is not valid.</summary>
    /// <param name="kind">Kind of the resource that has the name.</param>
    /// <param name="pointer">Field of a body that holds the same name; null if there is none.</param>
    public static Problem InvalidName(string kind, string? pointer) => Of("validation-failed", NameRule(kind), pointer);

    public static Problem NotFound(string detail = "This URL does not exist.") => Of("not-found", detail);

    public static Problem MethodNotAllowed() => Of("method-not-allowed", "The header Allow lists the methods that this URL supports.");

    public static Problem NotAcceptable(string detail) => Of("not-acceptable", detail);

    public static Problem WaitTimeout(string detail) => Of("wait-timeout", detail);

    public static Problem AlreadyExists(string kind, string name) =>
        Of("already-exists", $"The {kind} {name} already exists. Use PUT to replace it.", "#/name");

    public static Problem RevisionConflict(string pointer, string detail) => Of("revision-conflict", detail, pointer);

    public static Problem InUse(string detail) => Of("in-use", detail);

    public static Problem BeingDeleted(string detail, string? pointer = null) =>
        Of("being-deleted", detail, pointer) with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Problem ReferenceMissing(string? pointer, string kind, string name) =>
        ReferenceMissing(pointer, $"The {kind} {name} does not exist.");

    public static Problem ReferenceMissing(string? pointer, string detail) => Of("reference-missing", detail, pointer);

    public static Problem Immutable(string pointer, string detail) => Of("immutable", detail, pointer);

    public static Problem NameTaken(string? pointer, string detail) => Of("name-taken", detail, pointer);

    /// <summary>A tag that is not free; <paramref name="retryAfter"/> is null if it does not become free without further action.</summary>
    public static Problem VlanTagTaken(string detail, TimeSpan? retryAfter = null, string? pointer = null) =>
        Of("vlan-tag-taken", detail, pointer) with
        {
            Retryable = retryAfter is not null,
            RetryAfter = retryAfter,
        };

    public static Problem VlanTagsExhausted(string detail, string? pointer = null) => Of("vlan-tags-exhausted", detail, pointer);

    public static Problem AddressTaken(string? pointer, string detail) => Of("address-taken", detail, pointer);

    public static Problem AddressesExhausted(string? pointer, string detail) => Of("addresses-exhausted", detail, pointer);

    /// <summary>A check that no agent can run, or whose target has no address.</summary>
    public static Problem NotCheckable(string detail, string? pointer = null) => Of("not-checkable", detail, pointer);

    /// <summary>Rows that cannot be adopted as they are, or that the adoption would change.</summary>
    public static Problem NotAdoptable(IReadOnlyList<FieldError> errors) =>
        Of("not-adoptable", errors.Count == 1 ? $"{errors[0].Pointer}: {errors[0].Detail}" : $"{errors.Count} values do not fit.") with
        {
            Errors = errors,
        };

    public static Problem IdempotencyInFlight() =>
        Of("idempotency-in-flight", "An earlier request with this Idempotency-Key is still running.") with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Problem IdempotencyKeyReused() =>
        Of("idempotency-key-reused", "This Idempotency-Key was already used with another URL or body. Use a new key for each new request.");

    public static Problem CursorExpired() =>
        Of("cursor-expired", "The changes after this cursor are no longer stored. Read the lists again.");

    public static Problem PreconditionFailed(string detail) => Of("precondition-failed", detail);

    public static Problem BodyTooLarge(long limit) =>
        Of("body-too-large", string.Create(CultureInfo.InvariantCulture, $"The body is larger than {limit} bytes."));

    public static Problem UnsupportedMediaType(string detail) => Of("unsupported-media-type", detail);

    public static Problem RateLimited(TimeSpan retryAfter, string detail = "This key has sent more requests than the configured limit.") =>
        Of("rate-limited", detail) with
        {
            RetryAfter = retryAfter,
        };

    public static Problem Internal() =>
        Of("internal", "The request failed because of an unexpected error in the service. Nothing was stored.");

    public static Problem DatabaseUnavailable() =>
        Of("database-unavailable", "The database is not available. Nothing was stored.") with
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        };

    public static Problem NorthboundUnavailable(string reason) =>
        Of("northbound-unavailable", $"The northbound database cannot be read: {reason}") with
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        };

    public static Problem EndOfLogUnknown() =>
        Of(
            "database-unavailable",
            "The end of the change log is not known yet, because a transaction that adds to it began before this process was started."
        ) with
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        };

    public static Problem OutcomeUnknown() =>
        Of(
            "outcome-unknown",
            "The connection to the database was lost during the commit. Repeat the same PUT or DELETE, or the POST with the same "
                + "Idempotency-Key, or read the resource."
        ) with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Problem SchemaMismatch(string detail) => Of("schema-mismatch", detail) with { RetryAfter = TimeSpan.FromSeconds(5) };

    public static Problem ShuttingDown() =>
        Of("shutting-down", "This process is shutting down.") with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    private static string NameRule(string kind) => $"The name of the {kind} in the URL is not valid: {ResourceName.Rule}.";

    private static Problem Of(string code, string detail, string? pointer = null)
    {
        var kind = ProblemCatalogue.ByCode[code];
        return new(code, kind.Status, kind.Title, detail, kind.Retryable) { Errors = pointer is null ? [] : [new(pointer, detail)] };
    }
}

/// <summary>A field of a body that is not valid.</summary>
/// <param name="Pointer">JSON pointer to the field, as a URI fragment ("#/spec/vlan", RFC 6901 §6).</param>
/// <param name="Detail">Reason why the value is not valid.</param>
public readonly record struct FieldError(string Pointer, string Detail);
