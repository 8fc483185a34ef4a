using System.Threading.Channels;

namespace Ovsdb;

/// <summary>Raises events one after the other, in the order they were posted, on no thread that anybody waits for.</summary>
internal sealed class Dispatcher : IAsyncDisposable
{
    private readonly Channel<Action> _events = Channel.CreateUnbounded<Action>(new UnboundedChannelOptions { SingleReader = true });
    private readonly Action<Exception> _failed;
    private readonly Task _loop;

    /// <param name="failed">Told what a handler has thrown; the others are raised all the same.</param>
    public Dispatcher(Action<Exception> failed)
    {
        _failed = failed;
        _loop = Task.Run(RunAsync);
    }

    public void Post(Action raise) => _events.Writer.TryWrite(raise);

    /// <summary>Raises what was posted, then ends.</summary>
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
                _failed(e);
            }
        }
    }
}
