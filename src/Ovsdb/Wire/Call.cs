using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Reads a result. The reader must be on the first token of the result.</summary>
internal delegate T ResultReader<out T>(ref Utf8JsonReader reader);

/// <summary>
/// A request that waits for its answer. It ends once: with a result, with an error of the server, or because the link has ended. The caller
/// continues on the thread that calls <see cref="Execute"/>. This must not be the read loop: a caller that blocks would block the link.
/// </summary>
internal abstract class Call : IThreadPoolWorkItem
{
    /// <summary>Returns a call whose result is ignored.</summary>
    public static Call<bool> WithoutResult() => new(static (ref _) => true);

    /// <summary>
    /// Reads the server's answer. <see cref="Execute"/> then ends the call. If the answer is malformed, the method throws and the call has
    /// not ended.
    /// </summary>
    public void ReadAnswer(in Message message)
    {
        if (!message.Error.IsEmpty && JsonTokens.Begin(message.Error) is { TokenType: not JsonTokenType.Null } error)
        {
            SetError(TransactReader.ReadError(ref error));
            return;
        }
        var result = JsonTokens.Begin(message.Result);
        ReadResult(ref result);
    }

    /// <summary>Ends the call without an answer, on a thread of the pool.</summary>
    public abstract void Abandon(string reason);

    /// <summary>Ends the call, and runs the code that waits for it on this thread.</summary>
    public abstract void Execute();

    /// <summary>Queues <see cref="Execute"/> to the thread pool.</summary>
    public void QueueExecute() => ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    protected abstract void ReadResult(ref Utf8JsonReader result);

    protected abstract void SetError(OvsdbError error);
}

/// <summary>A call with a result.</summary>
/// <param name="read">Reads the result, on the read loop.</param>
/// <param name="onError">Returns the result if the server sent an error; null to throw <see cref="OvsdbException"/>.</param>
/// <param name="onAbandoned">
/// Returns the result if there is no answer, given the reason; null to throw <see cref="OvsdbNotConnectedException"/>.
/// </param>
internal sealed class Call<T>(ResultReader<T> read, Func<OvsdbError, T>? onError = null, Func<string, T>? onAbandoned = null) : Call
{
    // Continuations run synchronously, so that they run on the thread that calls Execute.
    private readonly TaskCompletionSource<T> _completion = new();

    [AllowNull]
    private T _result = default;

    private Exception? _exception;

    public Task<T> Task => _completion.Task;

    protected override void ReadResult(ref Utf8JsonReader result) => _result = read(ref result);

    protected override void SetError(OvsdbError error)
    {
        if (onError is null)
        {
            _exception = new OvsdbException(error);
        }
        else
        {
            _result = onError(error);
        }
    }

    public override void Abandon(string reason)
    {
        if (onAbandoned is null)
        {
            _exception = new OvsdbNotConnectedException(reason);
        }
        else
        {
            _result = onAbandoned(reason);
        }

        QueueExecute();
    }

    public override void Execute()
    {
        if (_exception is null)
        {
            _completion.TrySetResult(_result);
        }
        else if (_completion.TrySetException(_exception))
        {
            _ = _completion.Task.Exception; // marks the exception as observed, even if no caller awaits the task
        }
    }
}
