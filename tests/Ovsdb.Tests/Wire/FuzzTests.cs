using System.Globalization;
using System.Text;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>Bytes that a server would not send: they may end the link and its calls, but have no other effect.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Tokens =
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"",
        "null",
        "true",
        "-1",
        "1e999",
        "99999999999999999999",
        "\"set\"",
        "[\"map\",[]]",
        "\"modify\"",
        "\"id\":1",
        "\0",
        "\u00ff",
        "\\u0000",
        " ",
    ];

    [Fact]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task Random_changes_of_messages_do_nothing_worse_than_ending_the_link_and_its_calls()
    {
        var conversation = await Conversation.RecordAsync();
        var random = new Random(Soak.Seed);
        for (var round = 0; round < Soak.Size("ovsdb", 2_000, 200_000); round++)
        {
            var bytes = Changed(conversation.Bytes, random);
            try
            {
                var cut = random.Next(bytes.Length + 1);
                await conversation.ReplayAsync(bytes.AsMemory(0, cut), bytes.AsMemory(cut));
            }
            catch (Exception e)
            {
                Assert.Fail(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"NEST_SEED={Soak.Seed}, round {round}: {e}\n{Encoding.Latin1.GetString(bytes)}"
                    )
                );
            }
        }
    }

    private static byte[] Changed(byte[] bytes, Random random)
    {
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var (at, count) = (random.Next(bytes.Length), random.Next(1, 40));
            var end = Math.Min(at + count, bytes.Length);
            var from = random.Next(bytes.Length);
            bytes = random.Next(6) switch
            {
                0 => [.. bytes[..at], (byte)random.Next(256), .. bytes[(at + 1)..]],
                1 => [.. bytes[..at], .. bytes[end..]],
                2 => [.. bytes[..end], .. bytes[at..]],
                3 => [.. bytes[..at], .. bytes[from..Math.Min(from + count, bytes.Length)], .. bytes[at..]],
                4 => [.. bytes[..at], .. Encoding.Latin1.GetBytes(Tokens[random.Next(Tokens.Length)]), .. bytes[at..]],
                _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << random.Next(8))), .. bytes[(at + 1)..]],
            };
        }
        return bytes;
    }
}
