namespace OvnNestApi.Http;

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
}

/// <summary>One wrong field of a body.</summary>
/// <param name="Pointer">JSON pointer as a URI fragment ("#/spec/vlan", RFC 6901 §6).</param>
/// <param name="Detail">What is wrong with it.</param>
public readonly record struct FieldError(string Pointer, string Detail);
