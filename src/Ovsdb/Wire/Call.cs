using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads a result from a reader that stands on its first token.</summary>
internal delegate T ResultReader<out T>(ref Utf8JsonReader reader);

/// <summary>A request that waits for its answer. It ends exactly once: answered, refused, or lost with the link. Whoever waits for it runs on when it
/// is executed, on that thread, which must not be the one that reads: somebody who does not return would stop it.</summary>
internal abstract class Call : IThreadPoolWorkItem
{
    /// <summary>The server's answer, to be told by <see cref="Execute"/>. Throws what the reading of a malformed one throws; then the call has not ended.</summary>
    public void Settle(in Message message)
    {
        if (!message.Error.IsEmpty && JsonRpcLink.Reader(message.Error) is { TokenType: not JsonTokenType.Null } error)
        {
            Refuse(TransactReader.ReadError(ref error));
            return;
        }
        var result = JsonRpcLink.Reader(message.Result);
        Answer(ref result);
    }

    /// <summary>No answer will come. It is told soon.</summary>
    public abstract void Lose(string reason);

    /// <summary>Tells how the call has ended, and runs whoever waits for it.</summary>
    public abstract void Execute();

    /// <summary>Has a thread of the pool execute it.</summary>
    public void ExecuteSoon() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    /// <summary>The server's result.</summary>
    protected abstract void Answer(ref Utf8JsonReader result);

    /// <summary>The server refuses the request as a whole.</summary>
    protected abstract void Refuse(OvsdbError error);
}

/// <summary>A call with a result of this type.</summary>
/// <param name="read">Reads the result, on the read loop.</param>
/// <param name="refused">What a refusal gives; null throws <see cref="OvsdbException"/>.</param>
/// <param name="lost">What a lost answer gives; null throws <see cref="OvsdbNotConnectedException"/>.</param>
internal sealed class Call<T>(ResultReader<T> read, Func<OvsdbError, T>? refused = null, Func<string, T>? lost = null) : Call
{
    private readonly TaskCompletionSource<T> _end = new();
    private T? _result;
    private Exception? _exception;

    public Task<T> Task => _end.Task;

    protected override void Answer(ref Utf8JsonReader result) => _result = read(ref result);

    protected override void Refuse(OvsdbError error)
    {
        if (refused is null)
        {
            _exception = new OvsdbException(error);
        }
        else
        {
            _result = refused(error);
        }
    }

    public override void Lose(string reason)
    {
        if (lost is null)
        {
            _exception = new OvsdbNotConnectedException(reason);
        }
        else
        {
            _result = lost(reason);
        }

        ExecuteSoon();
    }

    public override void Execute()
    {
        if (_exception is null)
        {
            _end.TrySetResult(_result!);
        }
        else if (_end.TrySetException(_exception))
        {
            _ = _end.Task.Exception; // seen, even if nobody waits
        }
    }
}
