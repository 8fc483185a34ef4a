namespace Ovsdb;

/// <summary>The current monitor request of a client.</summary>
internal sealed class MonitorRequests(IReadOnlyList<MonitoredTable> initial)
{
    private readonly Lock _gate = new(); // guards the fields below
    private MonitorRequest _current = new(initial);
    private TaskCompletionSource _replaced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _hasEnded;

    /// <summary>Replaces the current request.</summary>
    /// <exception cref="ArgumentException">A table occurs twice, or a column of a table does.</exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public MonitorRequest Replace(IReadOnlyList<MonitoredTable> tables)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_hasEnded, typeof(OvsdbClient));
            _current = new MonitorRequest(tables, _current);
            _replaced.TrySetResult();
            return _current;
        }
    }

    /// <summary>Returns the current request, and a task that completes when another replaces it.</summary>
    public (MonitorRequest Request, Task Replaced) Take()
    {
        lock (_gate)
        {
            if (_replaced.Task.IsCompleted)
            {
                _replaced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return (_current, _replaced.Task);
        }
    }

    /// <summary>Fails the current request, because the client has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            _hasEnded = true;
            _current.Fail(new ObjectDisposedException(nameof(OvsdbClient)));
        }
    }
}
