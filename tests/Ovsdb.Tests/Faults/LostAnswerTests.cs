using System.Diagnostics;
using TestServers;

namespace Ovsdb.Tests.Faults;

/// <summary>The link breaks between a transaction and its answer: nobody knows whether it was done, until it is looked up.</summary>
public sealed class LostAnswerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task It_is_told_as_unknown_and_after_reading_back_there_is_exactly_one_row()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        var recoveries = new List<TimeSpan>();
        var repeats = 0;
        var rounds = Soak.Size("ovsdb", 12, 100);
        for (var round = 0; round < rounds; round++)
        {
            var (uuid, name) = (Guid.NewGuid(), $"s{round}");
            await UnhastyAsync(client);
            BreakAt(between, round % 3);
            var outcome = await client.TransactAsync([Nb.NewSwitch(uuid, name)], Ct);
            Assert.IsType<Unknown>(outcome);
            var lost = Stopwatch.GetTimestamp();
            while (outcome is not Committed)
            {
                await client.SyncedAsync(Ct);
                var found = (await client.CommitAsync(Op.Select(Nb.Switch, [Where.Uuid(uuid)], ["name"])))[0].Rows.Count > 0;
                if (found)
                {
                    break;
                }

                repeats++;
                outcome = await client.TransactAsync([Nb.NewSwitch(uuid, name)], Ct);
            }
            recoveries.Add(Stopwatch.GetElapsedTime(lost));
            Assert.Single((await client.CommitAsync(Op.Select(Nb.Switch, [Where.Equal("name", name)], ["_uuid"])))[0].Rows, row =>
                row.Uuid == uuid
            );
        }
        await client.MustAgreeAsync(server.Endpoint);
        Assert.Equal(rounds, client.Snapshot.Table(Nb.Switch).Count);
        Assert.Equal(rounds / 3, repeats);
        recoveries.Sort();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{rounds} lost, recovered in {recoveries[rounds / 2].TotalSeconds:0.000} s (median), {recoveries[^1].TotalSeconds:0.000} s (longest)"
        );
    }

    [Fact]
    public async Task A_repeat_without_looking_first_is_refused_as_a_duplicate()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var between = new Interceptor(server);
        await using var client = Nb.Client(between.Endpoint);
        await client.SyncedAsync(Ct);
        BreakAt(between, 0);
        var insert = Nb.NewSwitch(Guid.NewGuid());
        Assert.IsType<Unknown>(await client.TransactAsync([insert], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal(OvsdbError.DuplicateUuid, Assert.IsType<Rejected>(await client.TransactAsync([insert], Ct)).Error.Error);
    }

    // Breaks the link once: behind the commit and before a word of it comes back, in the middle of the answer, or before the server has heard of it.
    private static void BreakAt(Interceptor between, int place)
    {
        if (place == 2)
        {
            between.ToServer = message =>
            {
                if (!message.Contains("\"insert\"", StringComparison.Ordinal))
                {
                    return message;
                }

                between.ToServer = same => same;
                return null;
            };
        }
        else
        {
            between.ToClient = message =>
            {
                var answer = message.Contains("\"result\":[{\"uuid\"", StringComparison.Ordinal);
                if (!answer && (place == 1 || !message.Contains("update3", StringComparison.Ordinal)))
                {
                    return message;
                }

                between.ToClient = same => same;
                return answer && place == 1 ? message[..(message.Length / 2)] + Interceptor.Cut : null;
            };
        }
    }

    // A link that breaks as soon as it is made is made again ever more slowly; that is not what is measured here.
    private static async Task UnhastyAsync(OvsdbClient client)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < TimeSpan.FromMilliseconds(60); )
        {
            await client.EchoAsync(Ct);
        }
    }
}
