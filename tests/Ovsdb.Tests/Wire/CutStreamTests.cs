namespace Ovsdb.Tests;

/// <summary>A stream has no message boundaries: the client reads the same messages however the bytes are split.</summary>
public sealed class CutStreamTests
{
    [Fact]
    public async Task Messages_are_read_identically_wherever_the_stream_is_split()
    {
        var conversation = await Conversation.RecordAsync();
        var bytes = conversation.Bytes.AsMemory();
        List<string> whole = await conversation.ReplayAsync(bytes);
        Assert.Contains(whole, text => text.Contains("constraint violation", StringComparison.Ordinal));
        Assert.Contains(whole, text => text.Contains("é\U0001F600", StringComparison.Ordinal));
        await Parallel.ForAsync(1, bytes.Length, async (cut, _) =>
            Assert.Equal(whole, await conversation.ReplayAsync(bytes[..cut], bytes[cut..]))
        );
    }

    [Fact]
    public async Task Messages_are_read_identically_if_bytes_arrive_one_by_one()
    {
        var conversation = await Conversation.RecordAsync();
        var bytes = conversation.Bytes.AsMemory();
        Assert.Equal(
            await conversation.ReplayAsync(bytes),
            await conversation.ReplayAsync(Enumerable.Range(0, bytes.Length).Select(i => (ReadOnlyMemory<byte>)bytes.Slice(i, 1)))
        );
    }
}
