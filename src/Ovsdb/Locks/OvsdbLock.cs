namespace Ovsdb;

/// <summary>
/// A lock of a server (RFC 7047 §4.1.8–10), which a client requests again on every connection; see
/// <c>OvsdbClient.LockAsync</c>. To write only while the lock is held, add <see cref="Op.Assert"/> to the transaction: the
/// server rejects it with <see cref="OvsdbError.NotOwner"/> if the lock is not held.
/// <para>
/// Locks belong to one server process. Each member of a cluster has its own, so two clients that are connected to two members can
/// hold the same lock. To protect writes to a cluster, use <see cref="Op.Wait"/> on a row that names the client that may write.
/// </para>
/// </summary>
public sealed class OvsdbLock : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _isHeld, _held and the order of the posted events
    private readonly SemaphoreSlim _turn = new(1); // one request at a time; guards _connection
    private readonly Action<Action> _post;
    private readonly Action<OvsdbLock> _remove;
    private TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OvsdbConnection? _connection; // on which the lock was requested
    private volatile bool _isHeld;
    private bool _disposed;

    internal OvsdbLock(string id, Action<Action> post, Action<OvsdbLock> remove)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (char.IsAsciiDigit(id[0]) || !id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw new ArgumentException(
                $"\"{id}\" is not a valid lock id: use letters, digits and underscores, and do not start with a digit (RFC 7047 §3.1).",
                nameof(id)
            );
        }

        (Id, _post, _remove) = (id, post, remove);
    }

    /// <summary>
    /// Raised with true when the lock was acquired, and with false when it was stolen or lost with the connection. Events of a client are
    /// raised in order. A handler must not block.
    /// </summary>
    public event Action<bool>? Changed;

    /// <summary>The id of the lock.</summary>
    public string Id { get; }

    /// <summary>Whether the lock is held, according to the notifications received so far.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Completes when the lock is held.</summary>
    /// <exception cref="ObjectDisposedException">The lock or its client was disposed.</exception>
    public Task HeldAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _held.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Takes the lock from the client that holds it, which waits for it from then on. Does nothing if this client holds it.
    /// </summary>
    /// <param name="cancellationToken">Ends the wait for the answer, but not the request.</param>
    /// <exception cref="OvsdbNotConnectedException">There is no connection.</exception>
    /// <exception cref="ObjectDisposedException">The lock was disposed.</exception>
    public Task StealAsync(CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested
            ? Task.FromCanceled(cancellationToken)
            : StealAsync().WaitDetachedAsync(cancellationToken);

    /// <summary>Releases the lock and stops requesting it.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!TryEnd())
        {
            return;
        }

        await _turn.WaitAsync();
        try
        {
            if (_connection is { EndReason: null } current)
            {
                await current.UnlockAsync(Id, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OvsdbNotConnectedException or OvsdbException)
        {
            // The server releases the locks of a connection that has ended, or it has never granted this one.
        }
        finally
        {
            _turn.Release();
        }
        _remove(this); // only now may the client request it again
    }

    /// <summary>Ends the lock and the waiting for it. Returns false if it had ended before.</summary>
    internal bool TryEnd()
    {
        if (Interlocked.Exchange(ref _disposed, true))
        {
            return false;
        }

        lock (_gate)
        {
            _isHeld = false;
            if (_held.Task.IsCompleted)
            {
                _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _held.TrySetException(new ObjectDisposedException(nameof(OvsdbLock)));
            _ = _held.Task.Exception; // marks the exception as observed, even if no caller awaits the task
        }
        return true;
    }

    /// <summary>
    /// Requests the lock on a connection, unless it was requested there before. If the connection is lost, the next one requests it.
    /// </summary>
    internal async Task RequestAsync(OvsdbConnection connection, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            // A request on a connection that has ended may be processed after the request on the next connection.
            if (connection.EndReason is not null || ReferenceEquals(_connection, connection) || Volatile.Read(ref _disposed))
            {
                return;
            }

            _connection = connection;
            await connection.LockAsync(Id, cancellationToken);
        }
        catch (OvsdbNotConnectedException)
        {
            // The next connection requests all locks.
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Records whether the server has granted the lock on a connection; without a connection, that the lock is lost.</summary>
    internal void SetHeld(OvsdbConnection? connection, bool held)
    {
        lock (_gate)
        {
            // A grant on a connection that has ended does not count: the loss was recorded already, or will be.
            if (_isHeld == held || (held && connection?.EndReason is not null) || Volatile.Read(ref _disposed))
            {
                return;
            }

            _isHeld = held;
            if (held)
            {
                _held.TrySetResult();
            }
            else
            {
                _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            _post(() => Changed?.Invoke(held));
        }
    }

    // Not cancellable: between the two requests the lock is neither held nor requested.
    private async Task StealAsync()
    {
        await _turn.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            if (_connection is not { EndReason: null } current)
            {
                throw new OvsdbNotConnectedException("There is no connection on which the lock could be stolen.");
            }

            if (current.Holds(Id))
            {
                return;
            }

            // the server rejects lock and steal on a connection that waits for the lock
            await current.UnlockAsync(Id, CancellationToken.None);
            await current.StealAsync(Id, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }
}
