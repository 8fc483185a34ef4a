using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TestServers;

/// <summary>Waiting for a state, never for a time: looks every 20 ms until a claim holds. The deadline is generous (60 s), because a slow machine is no bug.</summary>
public static class Eventually
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>The deadline where none is given: 60 s.</summary>
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads a state until it is as claimed, and returns that state.</summary>
    /// <param name="claim">What is waited for, as a sentence: it is the failure's message.</param>
    /// <param name="read">Reads the state. What it throws means "not yet"; the last exception is told if the deadline passes.</param>
    /// <param name="holds">Whether the state is as claimed.</param>
    /// <exception cref="TimeoutException">It did not become so in time; the message says what was waited for and what was last seen.</exception>
    [OverloadResolutionPriority(1)]
    public static async Task<T> Becomes<T>(
        string claim,
        Func<Task<T>> read,
        Func<T, bool> holds,
        TimeSpan? deadline = null,
        CancellationToken ct = default
    )
    {
        var start = Stopwatch.GetTimestamp();
        while (true)
        {
            object? seen;
            Exception? error = null;
            try
            {
                var state = await read();
                if (holds(state))
                {
                    return state;
                }

                seen = state;
            }
            catch (Exception e) when (!ct.IsCancellationRequested)
            {
                (seen, error) = ($"{e.GetType().Name}: {e.Message}", e);
            }
            if (Stopwatch.GetElapsedTime(start) > (deadline ?? Deadline))
            {
                throw new TimeoutException($"Not within {deadline ?? Deadline}: {claim}\nLast seen: {seen ?? "null"}", error);
            }

            await Task.Delay(Pace, ct);
        }
    }

    /// <summary>The same for a state that is read at once.</summary>
    public static Task<T> Becomes<T>(
        string claim,
        Func<T> read,
        Func<T, bool> holds,
        TimeSpan? deadline = null,
        CancellationToken ct = default
    ) => Becomes(claim, () => Task.FromResult(read()), holds, deadline, ct);

    /// <summary>Looks until the claim is true; returns how long that took.</summary>
    /// <exception cref="TimeoutException">It did not become true in time.</exception>
    public static async Task<TimeSpan> Holds(
        string claim,
        Func<Task<bool>> probe,
        TimeSpan? deadline = null,
        CancellationToken ct = default
    )
    {
        var start = Stopwatch.GetTimestamp();
        await Becomes(claim, probe, static it => it, deadline, ct);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc cref="Holds(string,Func{Task{bool}},TimeSpan?,CancellationToken)"/>
    public static Task<TimeSpan> Holds(string claim, Func<bool> probe, TimeSpan? deadline = null, CancellationToken ct = default) =>
        Holds(claim, () => Task.FromResult(probe()), deadline, ct);
}
