using System.Buffers;
using System.Text.Json;

namespace Ovsdb;

/// <summary>What the server said of itself: the method and the bytes of its <c>params</c>.</summary>
internal delegate void NoticeReader(string method, ReadOnlySequence<byte> parameters);

/// <summary>JSON-RPC over a stream (RFC 7047 §4): requests matched to their answers, echo answered and sent. The reader never waits for the writer,
/// nor for anybody else: a server stops reading from a client that does not read.</summary>
internal sealed class JsonRpcLink : IAsyncDisposable
{
    private readonly Lock _gate = new(); // guards _calls, _end and that nothing is sent after it
    private readonly Dictionary<long, Call> _calls = [];
    private readonly OvsdbConnectionOptions _options;
    private readonly TimeProvider _time;
    private readonly Stream _stream;
    private readonly NoticeReader _notice;
    private readonly Action? _lost;
    private readonly Inbox _inbox;
    private readonly Outbox _outbox;
    private readonly Window _window;
    private readonly CancellationTokenSource _ended = new();
    private MessageWriter? _writer = new(); // null while in use
    private long _nextId;
    private string? _end;
    private int _patient;

    /// <summary>Takes the stream over and begins.</summary>
    /// <param name="stream">Connected.</param>
    /// <param name="options">Limits and times.</param>
    /// <param name="time">For the probe.</param>
    /// <param name="notice">Called on the read loop for each notification; what it throws ends the link.</param>
    /// <param name="lost">Called when the link has ended, before any call learns it.</param>
    public JsonRpcLink(Stream stream, OvsdbConnectionOptions options, TimeProvider time, NoticeReader notice, Action? lost)
    {
        (_stream, _options, _time, _notice, _lost) = (stream, options, time, notice, lost);
        (_inbox, _outbox) = (new Inbox(stream, options), new Outbox(stream));
        _window = new Window(options.MaxOutstanding, _ended.Token);
        Completion = Task.WhenAll(Task.Run(ReadAsync), Task.Run(ProbeAsync));
    }

    /// <summary>Ends, without an error, when the link has ended and its loops have.</summary>
    public Task Completion { get; }

    /// <summary>Why the link has ended; null while it lives.</summary>
    public string? EndReason => Volatile.Read(ref _end);

    /// <summary>A request whose result does not matter.</summary>
    public static Call<bool> Ignoring() => new(static (ref _) => true);

    /// <summary>A request that goes on when nobody waits for it any more: what it then fails with counts as seen.</summary>
    public static T Unwatched<T>(T request)
        where T : Task
    {
        request.ContinueWith(
            static ended => _ = ended.Exception,
            CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default
        );
        return request;
    }

    /// <summary>A reader on the first token.</summary>
    public static Utf8JsonReader Reader(in ReadOnlySequence<byte> json)
    {
        if (json.IsEmpty)
        {
            throw new JsonException("A message lacks a member that it must have (RFC 7047 §4).");
        }

        var reader = new Utf8JsonReader(json);
        ValueReader.Next(ref reader);
        return reader;
    }

    /// <summary>Ends the link. Whatever still waits for an answer ends too.</summary>
    public async ValueTask DisposeAsync()
    {
        End("the connection was closed by its owner");
        await Completion;
    }

    /// <summary>Sends a request and waits for its answer.</summary>
    /// <exception cref="OvsdbNotConnectedException">The link has ended and the request was not sent, or as the call says.</exception>
    /// <exception cref="OperationCanceledException">Cancelled before the request was sent; afterwards the call is lost.</exception>
    public async Task<T> CallAsync<T>(Call<T> call, string method, Action<Utf8JsonWriter>? writeParams, CancellationToken ct)
    {
        await EnterAsync(ct);
        try
        {
            var id = Send(call, method, writeParams);
            if (!ct.CanBeCanceled)
            {
                return await call.Task;
            }

            await using var cancel = ct.UnsafeRegister(_ => Cancel(id, call), null);
            return await call.Task;
        }
        catch (OvsdbNotConnectedException e) when (ct.IsCancellationRequested)
        {
            throw new OperationCanceledException(e.Message, e, ct);
        }
        finally
        {
            _window.Leave();
        }
    }

    private async ValueTask EnterAsync(CancellationToken ct)
    {
        try
        {
            await _window.EnterAsync(ct);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            throw new OvsdbNotConnectedException(EndReason ?? "the link has ended");
        }
    }

    private long Send(Call? call, string method, Action<Utf8JsonWriter>? writeParams)
    {
        var id = Interlocked.Increment(ref _nextId);
        var writer = Interlocked.Exchange(ref _writer, null) ?? new MessageWriter();
        bool isIdle;
        try
        {
            var request = writer.Request(call is null ? null : id, method, writeParams);
            lock (_gate)
            {
                if (_end is not null)
                {
                    throw new OvsdbNotConnectedException(_end);
                }

                if (call is not null)
                {
                    _calls.Add(id, call);
                }

                isIdle = _outbox.Add(request);
            }
        }
        finally
        {
            _writer = writer;
        }
        if (isIdle)
        {
            _ = FlushAsync();
        }

        return id;
    }

    // The server is told, but need not answer (3.1 does not): the call ends here and now.
    private void Cancel(long id, Call call)
    {
        lock (_gate)
        {
            if (!_calls.Remove(id))
            {
                return;
            }
        }
        call.Lose("cancelled while waiting for the answer");
        try
        {
            Send(null, "cancel", json => json.WriteNumberValue(id));
        }
        catch (OvsdbNotConnectedException)
        {
            // Nobody is there to be told.
        }
    }

    /// <summary>The same, for a request that a server may take long over, silent meanwhile.</summary>
    public async Task<T> LongCallAsync<T>(Call<T> call, string method, Action<Utf8JsonWriter> writeParams, CancellationToken ct)
    {
        Interlocked.Increment(ref _patient);
        try
        {
            return await CallAsync(call, method, writeParams, ct);
        }
        finally
        {
            Interlocked.Decrement(ref _patient);
        }
    }

    /// <summary>Ends the link, once; everything that waits learns it.</summary>
    public void End(string reason)
    {
        Call[] lost;
        lock (_gate)
        {
            if (_end is not null)
            {
                return;
            }

            _end = reason;
            lost = [.. _calls.Values];
            _calls.Clear();
        }
        _lost?.Invoke();
        _ended.Cancel();
        _stream.Dispose();
        foreach (var call in lost)
        {
            call.Lose(reason);
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
            // The boundary of the loop: a socket that failed, bytes that are not OVSDB, an update that does not fit the copy. All end the link.
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
            // Why a server closes may be among the last bytes that it sent (a TLS alert): the reader is given the time to find it.
            await Task.Delay(TimeSpan.FromSeconds(1), _time, _ended.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            End(e.Message);
        }
    }

    private async Task ProbeAsync()
    {
        var silent = 0;
        using var timer = new PeriodicTimer(_options.ProbeInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(_ended.Token))
            {
                if (_inbox.TakeHeard())
                {
                    silent = 0;
                }
                else if (++silent == 1)
                {
                    Send(Ignoring(), "echo", null);
                }
                else if (Volatile.Read(ref _patient) == 0 || silent * _options.ProbeInterval > _options.LoadTimeout)
                {
                    End($"the server has been silent for {(silent * _options.ProbeInterval).TotalSeconds:0.#} s");
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or OvsdbNotConnectedException)
        {
            // The link has ended.
        }
    }

    private void Dispatch(in Message message)
    {
        if (message.Method.IsEmpty)
        {
            Settle(message);
        }
        else
        {
            Notice(message);
        }
    }

    private void Settle(in Message message)
    {
        var id = Reader(message.Id);
        if (id.TokenType != JsonTokenType.Number || !id.TryGetInt64(out var number))
        {
            throw new JsonException("An answer without the id of a request.");
        }

        Call? call;
        lock (_gate)
        {
            if (number < 1 || number > _nextId)
            {
                throw new JsonException($"An answer to the request {number}, which was never sent.");
            }

            if (!_calls.Remove(number, out call))
            {
                return; // cancelled meanwhile
            }
        }
        try
        {
            call.Settle(message);
        }
        catch (Exception e)
        {
            // The call is no longer among those that the end of the link ends; it, too, learns of it after the owner.
            var reason = $"an answer could not be read: {e.Message}";
            End(reason);
            call.Lose(reason);
            throw;
        }
        _inbox.Tell(call);
    }

    private void Notice(in Message message)
    {
        var method = Reader(message.Method).GetString() ?? "";
        if (message.Id.IsEmpty || Reader(message.Id).TokenType == JsonTokenType.Null)
        {
            _notice(method, message.Params);
            return;
        }
        using var writer = new MessageWriter(); // once in some seconds
        if (_outbox.Add(writer.Answer(message.Id.ToArray(), method == "echo" ? message.Params.ToArray() : null)))
        {
            _ = FlushAsync();
        }
    }
}
