using System.Runtime.CompilerServices;

namespace Ovsdb;

/// <summary>
/// Awaits the next bytes, and lends the thread that had the last ones to the caller whose answer was among them: once the read is under way another
/// thread goes on with it, and the caller need not be woken on a third. One who keeps the thread holds up nobody.
/// </summary>
/// <param name="read">The read.</param>
/// <param name="answered">The call to execute, or null.</param>
internal readonly struct Handover<T>(ValueTask<T> read, Call? answered) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<T>.ConfiguredValueTaskAwaiter _read = read.ConfigureAwait(false).GetAwaiter();

    /// <summary>There are bytes already, and this thread goes on with them.</summary>
    public bool IsCompleted
    {
        get
        {
            if (!_read.IsCompleted)
            {
                return false;
            }

            answered?.ExecuteSoon();
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
