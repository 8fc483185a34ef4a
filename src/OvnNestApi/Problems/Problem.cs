using System.Globalization;
using OvnNestApi.Schema;

namespace OvnNestApi.Problems;

/// <summary>An expected failure of a request, as RFC 9457 problem details tell it. Rules return it; they do not throw it.</summary>
/// <param name="Code">Stable, kebab-case; <c>type</c> is <c>/problems/{code}</c>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Title">The same sentence for every occurrence of the code.</param>
/// <param name="Detail">What happened here, and the remedy.</param>
/// <param name="Retryable">The same request may succeed later without a change.</param>
public sealed record Problem(string Code, int Status, string Title, string Detail, bool Retryable = false)
{
    /// <summary>The fields that are meant, each with a JSON pointer; empty when none is.</summary>
    public IReadOnlyList<FieldError> Errors { get; init; } = [];

    /// <summary>When to try again; null: no advice.</summary>
    public TimeSpan? RetryAfter { get; init; }

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

    public static Problem UnknownParameter(string detail) => Of("unknown-parameter", detail);

    public static Problem NameMismatch(string detail) => Of("name-mismatch", detail, "#/name");

    public static Problem CursorInvalid() => Of("cursor-invalid", "The cursor is not one that an answer of this list gave.");

    public static Problem Unauthenticated() => Of("unauthenticated", "Send a valid key: Authorization: Bearer <key>.");

    public static Problem EnrolmentInvalid() => Of("enrolment-invalid", "The token is unknown, expired, or was used with another key.");

    public static Problem Forbidden(string detail = "The key's role does not allow this.") => Of("forbidden", detail);

    /// <summary>An object that is not there; <paramref name="name"/> is told only where it can be a name.</summary>
    public static Problem NotFound(string kind, string name) =>
        Of("not-found", ResourceName.IsValid(name) ? $"There is no {kind} {name}." : $"There is no such {kind}: the name can be none.");

    public static Problem NotFound(string detail = "Nothing is served at this URL.") => Of("not-found", detail);

    public static Problem MethodNotAllowed() => Of("method-not-allowed", "The header Allow lists the methods of this URL.");

    public static Problem NotAcceptable(string detail) => Of("not-acceptable", detail);

    public static Problem WaitTimeout(string detail) => Of("wait-timeout", detail);

    public static Problem AlreadyExists(string kind, string name) =>
        Of("already-exists", $"The {kind} {name} exists; PUT replaces it.", "#/name");

    public static Problem RevisionConflict(string pointer, string detail) => Of("revision-conflict", detail, pointer);

    public static Problem InUse(string detail) => Of("in-use", detail);

    public static Problem BeingDeleted(string detail, string? pointer = null) =>
        Of("being-deleted", detail, pointer) with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Problem ReferenceMissing(string? pointer, string kind, string name) =>
        Of("reference-missing", $"There is no {kind} {name}.", pointer);

    public static Problem Immutable(string pointer, string detail) => Of("immutable", detail, pointer);

    public static Problem NameTaken(string? pointer, string detail) => Of("name-taken", detail, pointer);

    /// <summary>A tag that somebody has; <paramref name="retryAfter"/> when it becomes free by itself.</summary>
    public static Problem VlanTagTaken(string detail, TimeSpan? retryAfter = null, string? pointer = null) =>
        Of("vlan-tag-taken", detail, pointer) with
        {
            Retryable = retryAfter is not null,
            RetryAfter = retryAfter,
        };

    public static Problem VlanTagsExhausted(string detail, string? pointer = null) => Of("vlan-tags-exhausted", detail, pointer);

    public static Problem AddressTaken(string? pointer, string detail) => Of("address-taken", detail, pointer);

    public static Problem AddressesExhausted(string? pointer, string detail) => Of("addresses-exhausted", detail, pointer);

    public static Problem IdempotencyInFlight() =>
        Of("idempotency-in-flight", "A request with this Idempotency-Key is still running.") with
        {
            RetryAfter = TimeSpan.FromSeconds(1),
        };

    public static Problem IdempotencyKeyReused() =>
        Of("idempotency-key-reused", "This Idempotency-Key came before with another path or body.");

    public static Problem ReconcilerOff(string detail) => Of("reconciler-off", detail);

    public static Problem CursorExpired() => Of("cursor-expired", "What follows this cursor is not kept any more: read the lists anew.");

    public static Problem PreconditionFailed(string detail) => Of("precondition-failed", detail);

    public static Problem BodyTooLarge(long limit) =>
        Of("body-too-large", string.Create(CultureInfo.InvariantCulture, $"A body may have {limit} bytes here."));

    public static Problem UnsupportedMediaType(string detail) => Of("unsupported-media-type", detail);

    public static Problem RateLimited(TimeSpan retryAfter) =>
        Of("rate-limited", "This key sends more requests than the service takes.") with
        {
            RetryAfter = retryAfter,
        };

    public static Problem Internal() =>
        Of("internal", "The request could not be done because of a bug in the service. Nothing was stored.");

    public static Problem DatabaseUnavailable() =>
        Of("database-unavailable", "The database is out of reach. Nothing was stored.") with
        {
            RetryAfter = TimeSpan.FromSeconds(2),
        };

    public static Problem OutcomeUnknown() =>
        Of(
            "outcome-unknown",
            "The link to the database broke during the commit. Send the same PUT or DELETE again, or read the object."
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

    private static Problem Of(string code, string detail, string? pointer = null)
    {
        var kind = ProblemCatalogue.ByCode[code];
        return new(code, kind.Status, kind.Title, detail, kind.Retryable) { Errors = pointer is null ? [] : [new(pointer, detail)] };
    }
}

/// <summary>One wrong field of a body.</summary>
/// <param name="Pointer">JSON pointer as a URI fragment ("#/spec/vlan", RFC 6901 §6).</param>
/// <param name="Detail">What is wrong with it.</param>
public readonly record struct FieldError(string Pointer, string Detail);
