namespace Ovsdb;

/// <summary>
/// The connection and the state of a client. Both change together, and each change of the state is posted once and in order.
/// </summary>
/// <param name="replica">The replica of the client.</param>
/// <param name="locks">The locks of the client, which are lost with the connection.</param>
/// <param name="postChange">Posts a change of the state.</param>
internal sealed class ClientStatus(Replica replica, ClientLocks locks, Action<OvsdbClientState> postChange)
{
    private readonly Lock _gate = new(); // guards the fields below and the order of the posted changes
    private TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile OvsdbClientState _state;
    private OvsdbConnection? _connection;

    public OvsdbClientState State => _state;

    /// <summary>The current connection; null if there is none.</summary>
    public OvsdbConnection? Connection => Volatile.Read(ref _connection);

    private bool HasContents => replica.Snapshot.Generation > 0;

    /// <summary>Completes when the state is <see cref="OvsdbClientState.Synced"/>.</summary>
    public Task SyncedAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _synced.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Makes a connection the client's.</summary>
    /// <exception cref="OvsdbNotConnectedException">The connection has ended.</exception>
    public void SetConnection(OvsdbConnection connection)
    {
        lock (_gate)
        {
            // If the connection ends after this check, LoseConnection is called after this method.
            if (connection.EndReason is { } reason)
            {
                throw new OvsdbNotConnectedException(reason);
            }

            Volatile.Write(ref _connection, connection);
            if (!HasContents)
            {
                SetState(OvsdbClientState.Loading);
            }
        }
    }

    /// <summary>Records that the replica was loaded. Returns false if the connection has ended meanwhile.</summary>
    public bool TrySetSynced(OvsdbConnection connection)
    {
        lock (_gate)
        {
            // If the connection ends after this check, LoseConnection is called after this method.
            if (connection.EndReason is not null)
            {
                return false;
            }

            SetState(OvsdbClientState.Synced);
            return true;
        }
    }

    /// <summary>Records that the server has removed or converted the database.</summary>
    public void SetOutdated()
    {
        lock (_gate)
        {
            SetState(HasContents ? OvsdbClientState.Stale : OvsdbClientState.Loading);
        }
    }

    /// <summary>
    /// Records that the connection has ended. This happens before the waiting calls end: a caller that then waits until the client is
    /// synced finds the effect of its transaction in the replica.
    /// </summary>
    public void LoseConnection()
    {
        lock (_gate)
        {
            Volatile.Write(ref _connection, null);
            locks.LoseAll();
            SetState(HasContents ? OvsdbClientState.Stale : OvsdbClientState.Connecting);
        }
    }

    /// <summary>Ends the waiting for <see cref="SyncedAsync"/>, because the client has ended.</summary>
    public void End()
    {
        lock (_gate)
        {
            _synced.TrySetException(new ObjectDisposedException(nameof(OvsdbClient)));
            _ = _synced.Task.Exception; // marks the exception as observed, even if no caller awaits the task
        }
    }

    private void SetState(OvsdbClientState state)
    {
        if (_state == state)
        {
            return;
        }

        _state = state;
        if (state == OvsdbClientState.Synced)
        {
            _synced.TrySetResult();
        }
        else if (_synced.Task.IsCompleted)
        {
            _synced = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        postChange(state);
    }
}
