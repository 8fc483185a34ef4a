using System.Threading.Channels;

namespace OvnNestApi.Agent;

/// <summary>A place for one value: a new one replaces one that nobody has taken yet. One writer's news for one reader.</summary>
internal sealed class LatestValue<T>
{
    private readonly Channel<T> _channel = Channel.CreateBounded<T>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    public void Put(T value) => _channel.Writer.TryWrite(value);

    public bool TryTake(out T? value) => _channel.Reader.TryRead(out value);

    /// <summary>Waits until there is a value, and leaves it there.</summary>
    public async Task WaitAsync(CancellationToken ct) => await _channel.Reader.WaitToReadAsync(ct);
}
