using System.Threading.Channels;

namespace Ovsdb;

/// <summary>Raises events one at a time, in the order in which they were posted, on a thread that no other code waits for.</summary>
internal sealed class EventDispatcher : IAsyncDisposable
{
    private readonly Channel<Action> _events = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Action<Exception> _onHandlerFailed;
    private readonly Task _loop;

    /// <param name="onHandlerFailed">Called with the exception of an event handler. Later events are still raised.</param>
    public EventDispatcher(Action<Exception> onHandlerFailed)
    {
        _onHandlerFailed = onHandlerFailed;
        _loop = Task.Run(RunAsync);
    }

    public void Post(Action raise) => _events.Writer.TryWrite(raise);

    /// <summary>Raises the posted events, then ends.</summary>
    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        await _loop;
    }

    private async Task RunAsync()
    {
        await foreach (var raise in _events.Reader.ReadAllAsync())
        {
            try
            {
                raise();
            }
            catch (Exception e)
            {
                _onHandlerFailed(e);
            }
        }
    }
}
