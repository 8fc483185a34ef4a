using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace TestServers;

/// <summary>
/// Waits for a state instead of a fixed time: checks every 20 ms whether the state has been reached. The default deadline is generous (60
/// s), so that a slow machine does not fail a test.
/// </summary>
public static class Eventually
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>The default deadline: 60 s.</summary>
    public static TimeSpan Deadline { get; } = TimeSpan.FromSeconds(60);

    /// <summary>Reads a state until it meets a condition, and returns it.</summary>
    /// <param name="claim">The condition as a sentence, for the message of a failure.</param>
    /// <param name="read">Reads the state. An exception counts as "not yet"; the last one is reported if the deadline passes.</param>
    /// <param name="holds">Whether the state meets the condition.</param>
    /// <exception cref="TimeoutException">The deadline passed. The message has the claim and the last state.</exception>
    [OverloadResolutionPriority(1)]
    public static async Task<T> Becomes<T>(
        string claim,
        Func<Task<T>> read,
        Func<T, bool> holds,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default
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
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                (seen, error) = ($"{e.GetType().Name}: {e.Message}", e);
            }
            if (Stopwatch.GetElapsedTime(start) > (deadline ?? Deadline))
            {
                throw new TimeoutException($"Not true within {deadline ?? Deadline}: {claim}\nLast state: {seen ?? "null"}", error);
            }

            await Task.Delay(Pace, cancellationToken);
        }
    }

    /// <summary>Reads a state until it meets a condition, and returns it.</summary>
    /// <inheritdoc cref="Becomes{T}(string,Func{Task{T}},Func{T,bool},TimeSpan?,CancellationToken)"/>
    public static Task<T> Becomes<T>(
        string claim,
        Func<T> read,
        Func<T, bool> holds,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default
    ) => Becomes(claim, () => Task.FromResult(read()), holds, deadline, cancellationToken);

    /// <summary>Checks a condition until it is true, and returns the time that this took.</summary>
    /// <exception cref="TimeoutException">The deadline passed.</exception>
    public static async Task<TimeSpan> Holds(
        string claim,
        Func<Task<bool>> probe,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default
    )
    {
        var start = Stopwatch.GetTimestamp();
        await Becomes(claim, probe, static it => it, deadline, cancellationToken);
        return Stopwatch.GetElapsedTime(start);
    }

    /// <inheritdoc cref="Holds(string,Func{Task{bool}},TimeSpan?,CancellationToken)"/>
    public static Task<TimeSpan> Holds(
        string claim,
        Func<bool> probe,
        TimeSpan? deadline = null,
        CancellationToken cancellationToken = default
    ) => Holds(claim, () => Task.FromResult(probe()), deadline, cancellationToken);
}
