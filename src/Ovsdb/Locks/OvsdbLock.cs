
namespace Ovsdb;

/// <summary>
/// A lock of the server that a client asks for (RFC 7047 §4.1.8–10), anew on every connection; see <see cref="OvsdbClient.LockAsync"/>. To write only under
/// it, put <see cref="Op.Assert"/> into the transaction: the server then refuses with <see cref="OvsdbError.NotOwner"/> whoever no longer holds it.
/// <para>
/// The lock lives in one server's process. In a cluster each member has locks of its own, so that two clients on two members can hold the same one:
/// fence there by <see cref="Op.Wait"/> on a row that names who may write.
/// </para>
/// </summary>
public sealed class OvsdbLock : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _isHeld, _held and the order of what is posted
    private readonly SemaphoreSlim _turn = new(1); // one request after the other; guards _session
    private readonly Action<Action> _post;
    private readonly Action<OvsdbLock> _forget;
    private TaskCompletionSource _held = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private OvsdbConnection? _session; // in which it was asked for
    private volatile bool _isHeld;
    private bool _disposed;

    internal OvsdbLock(string id, Action<Action> post, Action<OvsdbLock> forget)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (char.IsAsciiDigit(id[0]) || !id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_'))
        {
            throw new ArgumentException(
                $"\"{id}\" is no lock's id: letters, digits and underscores, no digit first (RFC 7047 §3.1).",
                nameof(id)
            );
        }

        (Id, _post, _forget) = (id, post, forget);
    }

    /// <summary>Raised when the lock was got (true), or was stolen, or lost with the connection (false); in order with the client's other events.
    /// A handler must not block.</summary>
    public event Action<bool>? Changed;

    /// <summary>The lock's id.</summary>
    public string Id { get; }

    /// <summary>Whether it is held, as far as the server's notices have come.</summary>
    public bool IsHeld => _isHeld;

    /// <summary>Ends as soon as the lock is held, at once if it is.</summary>
    /// <exception cref="ObjectDisposedException">It, or its client, was disposed meanwhile.</exception>
    public Task HeldAsync(CancellationToken ct)
    {
        lock (_gate)
        {
            return _held.Task.WaitAsync(ct);
        }
    }

    /// <summary>Takes the lock away from whoever holds it; he waits for it from then on. Nothing happens if it is held.</summary>
    /// <param name="ct">Ends the waiting for the answer, not the request.</param>
    /// <exception cref="OvsdbNotConnectedException">There is no connection.</exception>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public Task StealAsync(CancellationToken ct) =>
        ct.IsCancellationRequested ? Task.FromCanceled(ct) : JsonRpcLink.Unwatched(StealAsync()).WaitAsync(ct);

    /// <summary>Gives the lock back, and asks for it no more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!TryEnd())
        {
            return;
        }

        await _turn.WaitAsync();
        try
        {
            if (_session is { EndReason: null } session)
            {
                await session.UnlockAsync(Id, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is OvsdbNotConnectedException or OvsdbException)
        {
            // With the connection the server has forgotten the lock, or it has never given it.
        }
        finally
        {
            _turn.Release();
        }
        _forget(this); // only now may it be asked for again
    }

    /// <summary>It is wanted no more, and whoever waits for it learns it. False if that was so before.</summary>
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
            _ = _held.Task.Exception; // seen, even if nobody waits
        }
        return true;
    }

    /// <summary>Asks for it on this connection, once. If that is lost, the next will be asked.</summary>
    internal async Task RequestAsync(OvsdbConnection connection, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            // One that has ended may come here behind the one after it.
            if (connection.EndReason is not null || ReferenceEquals(_session, connection) || Volatile.Read(ref _disposed))
            {
                return;
            }

            _session = connection;
            await connection.LockAsync(Id, ct);
        }
        catch (OvsdbNotConnectedException)
        {
            // The next connection asks for all there are.
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Notes what the server says of it, or with no connection that it is lost.</summary>
    internal void Note(OvsdbConnection? connection, bool held)
    {
        lock (_gate)
        {
            // A connection that has ended has been noted as lost, or will be after this.
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

    // To its end: between the two requests the lock is neither held nor waited for.
    private async Task StealAsync()
    {
        await _turn.WaitAsync();
        try
        {
            ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed), this);
            if (_session is not { EndReason: null } session)
            {
                throw new OvsdbNotConnectedException("There is no connection to steal the lock on.");
            }

            if (session.Holds(Id))
            {
                return;
            }

            await session.UnlockAsync(Id, CancellationToken.None); // the server refuses both lock and steal to a session that waits already
            await session.StealAsync(Id, CancellationToken.None);
        }
        finally
        {
            _turn.Release();
        }
    }
}
