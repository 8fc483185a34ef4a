using System.Buffers;
using System.Text.Json;

namespace Ovsdb;

/// <summary>Handles a notification of the server: the method, and the JSON of its <c>params</c>.</summary>
internal delegate void NotificationHandler(string method, ReadOnlySequence<byte> parameters);

/// <summary>
/// JSON-RPC over a stream (RFC 7047 §4): matches answers to requests, answers <c>echo</c>, and probes the server. The read loop
/// waits neither for the sender nor for a caller, because a server stops reading from a client that does not read.
/// </summary>
internal sealed class JsonRpcLink : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _calls and _endReason, and ensures that nothing is sent after the end
    private readonly Dictionary<long, Call> _calls = [];
    private readonly OvsdbConnectionOptions _options;
    private readonly Stream _stream;
    private readonly NotificationHandler _handleNotification;
    private readonly Action? _onEnded;
    private readonly Inbox _inbox;
    private readonly Outbox _outbox;
    private readonly LinkProbe _probe;
    private readonly RequestWindow _window;
    private readonly CancellationTokenSource _ended = new();
    private MessageWriter? _writer = new(); // null while a caller uses it
    private long _lastId;
    private string? _endReason;

    /// <summary>Creates a link, which owns the stream.</summary>
    /// <param name="stream">A connected stream.</param>
    /// <param name="options">Limits and timeouts.</param>
    /// <param name="handleNotification">Called on the read loop for each notification. An exception ends the link.</param>
    /// <param name="onEnded">Called when the link has ended, before the waiting calls end.</param>
    public JsonRpcLink(Stream stream, OvsdbConnectionOptions options, NotificationHandler handleNotification, Action? onEnded)
    {
        (_stream, _options, _handleNotification, _onEnded) = (stream, options, handleNotification, onEnded);
        (_inbox, _outbox) = (new Inbox(stream, options), new Outbox(stream));
        _probe = new LinkProbe(options, _inbox, () => Send(Call.WithoutResult(), "echo", null), End);
        _window = new RequestWindow(options.MaxOutstanding, _ended.Token);
    }

    /// <summary>Completes, without an exception, when the link and its loops have ended.</summary>
    public Task Completion { get; private set; } = Task.CompletedTask;

    /// <summary>Why the link has ended; null while it is connected.</summary>
    public string? EndReason => Volatile.Read(ref _endReason);

    /// <summary>Starts to read from the stream and to probe the server.</summary>
    public void Start() => Completion = Task.WhenAll(Task.Run(ReadAsync), Task.Run(() => _probe.RunAsync(_ended.Token)));

    /// <summary>Ends the link, and all calls that wait for an answer.</summary>
    public async ValueTask DisposeAsync()
    {
        End("the connection was closed by its owner");
        await Completion;
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended and the request was not sent, or the call throws it when it
    /// is abandoned.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the request was sent. A call that is cancelled later is
    /// abandoned.</exception>
    public async Task<T> CallAsync<T>(Call<T> call, string method, Action<Utf8JsonWriter>? writeParams, CancellationToken cancellationToken)
    {
        await EnterWindowAsync(cancellationToken);
        try
        {
            var id = Send(call, method, writeParams);
            if (!cancellationToken.CanBeCanceled)
            {
                return await call.Task;
            }

            await using var registration = cancellationToken.UnsafeRegister(_ => Cancel(id, call), null);
            return await call.Task;
        }
        catch (OvsdbNotConnectedException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, cancellationToken);
        }
        finally
        {
            _window.Leave();
        }
    }

    /// <summary>Sends a request that a server may take a long time to answer, and does not end the link for the server's silence
    /// meanwhile.</summary>
    public async Task<T> LongCallAsync<T>(
        Call<T> call,
        string method,
        Action<Utf8JsonWriter> writeParams,
        CancellationToken cancellationToken
    )
    {
        _probe.BeginLongCall();
        try
        {
            return await CallAsync(call, method, writeParams, cancellationToken);
        }
        finally
        {
            _probe.EndLongCall();
        }
    }

    /// <summary>Ends the link and abandons all calls. Does nothing if the link has ended already.</summary>
    public void End(string reason)
    {
        Call[] abandoned;
        lock (_gate)
        {
            if (_endReason is not null)
            {
                return;
            }

            _endReason = reason;
            abandoned = [.. _calls.Values];
            _calls.Clear();
        }
        _onEnded?.Invoke();
        _ended.Cancel();
        _stream.Dispose();
        foreach (var call in abandoned)
        {
            call.Abandon(reason);
        }
    }

    private async ValueTask EnterWindowAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _window.EnterAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new OvsdbNotConnectedException(EndReason ?? "the link has ended");
        }
    }

    private long Send(Call? call, string method, Action<Utf8JsonWriter>? writeParams)
    {
        var id = Interlocked.Increment(ref _lastId);
        var writer = Interlocked.Exchange(ref _writer, null) ?? new MessageWriter();
        bool mustFlush;
        try
        {
            var request = writer.Request(call is null ? null : id, method, writeParams);
            lock (_gate)
            {
                if (_endReason is not null)
                {
                    throw new OvsdbNotConnectedException(_endReason);
                }

                if (call is not null)
                {
                    _calls.Add(id, call);
                }

                mustFlush = _outbox.Add(request);
            }
        }
        finally
        {
            _writer = writer;
        }
        if (mustFlush)
        {
            _ = FlushAsync();
        }

        return id;
    }

    /// <summary>Abandons a call. The server is notified, but need not answer (3.1 does not), so this does not wait for it.</summary>
    private void Cancel(long id, Call call)
    {
        lock (_gate)
        {
            if (!_calls.Remove(id))
            {
                return;
            }
        }
        call.Abandon("cancelled while waiting for the answer");
        try
        {
            Send(null, "cancel", json => json.WriteNumberValue(id));
        }
        catch (OvsdbNotConnectedException)
        {
            // The link has ended, and the request with it.
        }
    }

    private async Task ReadAsync()
    {
        var reason = "the server closed the connection";
        try
        {
            await _inbox.ReadAsync(Dispatch, _ended.Token);
        }
        catch (Exception e)
        {
            // The boundary of the read loop. A failed socket, malformed bytes and an update that does not match the replica all end
            // the link.
            reason = TlsAlert.Explain(e);
        }
        End(reason);
    }

    private async Task FlushAsync()
    {
        try
        {
            await _outbox.SendAsync(_ended.Token);
        }
        catch (Exception e)
        {
            // The last bytes from the server may contain its reason (a TLS alert). Give the read loop time to find it.
            await Task.Delay(TimeSpan.FromSeconds(1), _options.TimeProvider, _ended.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            End(e.Message);
        }
    }

    private void Dispatch(in Message message)
    {
        if (message.Method.IsEmpty)
        {
            HandleAnswer(message);
        }
        else
        {
            HandleRequest(message);
        }
    }

    private void HandleAnswer(in Message message)
    {
        if (TakeCall(message) is not { } call)
        {
            return; // cancelled before the answer arrived
        }

        try
        {
            call.ReadAnswer(message);
        }
        catch (Exception e)
        {
            // The call is no longer in _calls, so End does not abandon it. Like the others, it ends after onEnded was called.
            var reason = $"an answer could not be read: {e.Message}";
            End(reason);
            call.Abandon(reason);
            throw;
        }
        _inbox.ExecuteNext(call);
    }

    private Call? TakeCall(in Message message)
    {
        var id = JsonTokens.Begin(message.Id);
        if (id.TokenType != JsonTokenType.Number || !id.TryGetInt64(out var number))
        {
            throw new JsonException("The server sent an answer without the id of a request.");
        }

        lock (_gate)
        {
            if (number < 1 || number > _lastId)
            {
                throw new JsonException($"The server sent an answer to request {number}, which was never sent.");
            }

            return _calls.Remove(number, out var call) ? call : null;
        }
    }

    private void HandleRequest(in Message message)
    {
        var method = JsonTokens.Begin(message.Method).GetString() ?? "";
        if (message.Id.IsEmpty || JsonTokens.Begin(message.Id).TokenType == JsonTokenType.Null)
        {
            _handleNotification(method, message.Params);
            return;
        }
        using var writer = new MessageWriter(); // not shared: a server sends a request only every few seconds
        if (_outbox.Add(writer.Answer(message.Id.ToArray(), method == "echo" ? message.Params.ToArray() : null)))
        {
            _ = FlushAsync();
        }
    }
}
