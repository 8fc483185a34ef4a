using System.Diagnostics.CodeAnalysis;

namespace OvnNestApi.Problems;

/// <summary>Result of a rule: a value, or the problem that prevented it.</summary>
public readonly struct Answer<T>
{
    private readonly T? _value;

    private Answer(T? value, Problem? problem) => (_value, Problem) = (value, problem);

    /// <summary>The problem; null if there is a value.</summary>
    public Problem? Problem { get; }

    public static implicit operator Answer<T>(T value) => new(value, null);

    public static implicit operator Answer<T>(Problem problem) => new(default, problem);

    /// <summary>Returns true and the value, or false and the problem.</summary>
    public bool TryGet([MaybeNullWhen(false)] out T value, [NotNullWhen(false)] out Problem? problem)
    {
        (value, problem) = (_value, Problem);
        return problem is null;
    }
}
