using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Ovsdb.Tests;

/// <summary>Splitting a stream into messages.</summary>
public sealed class MessageFramerTests
{
    private const string First = """{"id":7,"result":[{"a":"}{\\\"]["},null,-1.5e3,true],"error":null}""";
    private const string Second = """{ "method" : "update3", "params":[["m",{"é":[]}],"x"], "id":null }""";
    private const string Third = """{"error":"unknown method","unknown":{"result":1},"id":8}""";
    private static readonly byte[] Stream = Encoding.UTF8.GetBytes($"{First}\n {Second}{Third}");

    [Fact]
    public void Messages_are_complete_wherever_the_stream_is_split()
    {
        for (var cut = 1; cut < Stream.Length; cut++)
        {
            for (var next = cut + 1; next <= Stream.Length; next++)
            {
                Check(Read([Stream[..cut], Stream[cut..next], Stream[next..]]));
            }
        }
    }

    [Fact]
    public void Messages_are_complete_if_bytes_arrive_one_by_one() => Check(Read([.. Stream.Select(b => new[] { b })]));

    [Fact]
    public void A_message_with_too_deep_nesting_is_rejected()
    {
        var framer = new MessageFramer(maxDepth: 8, maxBytes: 1000);
        var deep = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($$"""{"id":{{new string('[', 9)}}"""));
        Assert.ThrowsAny<JsonException>(() => framer.TryCut(deep, out _));
    }

    [Fact]
    public void A_message_that_is_too_long_is_rejected_before_its_end()
    {
        var framer = new MessageFramer(maxDepth: 8, maxBytes: 1000);
        var endless = new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes($$"""{"id":"{{new string('x', 1000)}}"""));
        Assert.ThrowsAny<JsonException>(() => framer.TryCut(endless, out _));
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("nonsense")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n")]
    public void A_message_that_is_not_a_JSON_object_is_rejected(string text) =>
        Assert.ThrowsAny<JsonException>(() =>
            new MessageFramer(8, 1000).TryCut(new ReadOnlySequence<byte>(Encoding.UTF8.GetBytes(text)), out _)
        );

    private static void Check(List<string[]> messages) =>
        Assert.Equal<string[]>(
            [
                ["7", "", "", """[{"a":"}{\\\"]["},null,-1.5e3,true]""", "null"],
                ["null", "\"update3\"", """[["m",{"é":[]}],"x"]""", "", ""],
                ["8", "", "", "", "\"unknown method\""],
            ],
            messages
        );

    // Passes one part after another, as a pipe does: bytes that were not consumed are passed again, followed by more.
    private static List<string[]> Read(byte[][] parts)
    {
        var framer = new MessageFramer(maxDepth: 64, maxBytes: 1000);
        var messages = new List<string[]>();
        var pending = new List<byte[]>();
        foreach (var part in parts)
        {
            pending.Add(part);
            var buffer = Chain(pending);
            while (framer.TryCut(buffer, out var message))
            {
                messages.Add([Text(message.Id), Text(message.Method), Text(message.Params), Text(message.Result), Text(message.Error)]);
                buffer = buffer.Slice(message.End);
            }
            pending = [buffer.ToArray()];
        }
        return messages;
    }

    private static string Text(ReadOnlySequence<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static ReadOnlySequence<byte> Chain(List<byte[]> parts)
    {
        var first = new Segment(parts[0], null);
        var last = first;
        foreach (var part in parts.Skip(1))
        {
            last = new Segment(part, last);
        }

        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, Segment? before)
        {
            Memory = bytes;
            if (before is null)
            {
                return;
            }

            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
