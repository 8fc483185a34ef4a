namespace Ovsdb.Tests.Wire;

/// <summary>A stream has no borders: whatever its parts, the same is read.</summary>
public sealed class CutStreamTests
{
    [Fact]
    public async Task What_a_server_says_is_read_the_same_wherever_its_stream_is_cut()
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
    public async Task It_is_so_when_the_bytes_come_one_by_one()
    {
        var conversation = await Conversation.RecordAsync();
        var bytes = conversation.Bytes.AsMemory();
        Assert.Equal(
            await conversation.ReplayAsync(bytes),
            await conversation.ReplayAsync(Enumerable.Range(0, bytes.Length).Select(i => (ReadOnlyMemory<byte>)bytes.Slice(i, 1)))
        );
    }
}
