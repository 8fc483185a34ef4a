using System.Runtime.CompilerServices;

namespace Ovsdb;

/// <summary>
/// Awaits the next bytes and meanwhile executes the call whose answer was in the last bytes. If the read does not complete immediately, the
/// current thread executes the call and another thread continues the read loop. So the caller is not woken on a further thread, and cannot
/// block the read loop.
/// </summary>
/// <param name="read">The read of the next bytes.</param>
/// <param name="answered">The call to execute; null if there is none.</param>
internal readonly struct Handover<T>(ValueTask<T> read, Call? answered) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _read = read.ConfigureAwait(false).GetAwaiter();

    /// <summary>
    /// True if bytes are available. This thread then continues the read loop, and a thread of the pool executes the call.
    /// </summary>
    public bool IsCompleted
    {
        get
        {
            if (!_read.IsCompleted)
            {
                return false;
            }

            answered?.QueueExecute();
            return true;
        }
    }

    public Handover<T> GetAwaiter() => this;

    public T GetResult() => _read.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        _read.UnsafeOnCompleted(continuation);
        answered?.Execute();
    }
}
