using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;

namespace OvnNestApi.Agent;

/// <summary>Passes the latest value from one writer to one reader. A new value replaces one that was not taken yet.</summary>
internal sealed class LatestValue<T>
{
    private readonly Channel<T> _channel = Channel.CreateBounded<T>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest }
    );

    public void Put(T value) => _channel.Writer.TryWrite(value);

    public bool TryTake([MaybeNullWhen(false)] out T value) => _channel.Reader.TryRead(out value);

    /// <summary>Waits until there is a value, without taking it.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.WaitToReadAsync(cancellationToken);
}
