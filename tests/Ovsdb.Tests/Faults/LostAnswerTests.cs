using System.Diagnostics;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>
/// The link breaks between a transaction and its answer. Only reading the row shows whether the transaction was committed.
/// </summary>
public sealed class LostAnswerTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    [Trait(Soak.Trait, "ovsdb")]
    public async Task A_lost_answer_gives_an_unknown_outcome_and_reading_back_leads_to_exactly_one_row()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        var recoveries = new List<TimeSpan>();
        var repeats = 0;
        var rounds = Soak.Size("ovsdb", 12, 100);
        for (var round = 0; round < rounds; round++)
        {
            var (uuid, name) = (Guid.NewGuid(), $"s{round}");
            await ResetBackoffAsync(client);
            BreakAt(interceptor, round % 3);
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
            $"{rounds} answers lost, recovered in {recoveries[rounds / 2].TotalSeconds:0.000} s (median), "
                + $"{recoveries[^1].TotalSeconds:0.000} s (longest)"
        );
    }

    [Fact]
    public async Task Repeating_an_insert_with_the_same_UUID_is_rejected_as_a_duplicate()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var interceptor = new Interceptor(server);
        await using var client = Nb.Client(interceptor.Endpoint);
        await client.SyncedAsync(Ct);
        BreakAt(interceptor, 0);
        var insert = Nb.NewSwitch(Guid.NewGuid());
        Assert.IsType<Unknown>(await client.TransactAsync([insert], Ct));
        await client.SyncedAsync(Ct);
        Assert.Equal(OvsdbError.DuplicateUuid, Assert.IsType<Rejected>(await client.TransactAsync([insert], Ct)).Error.Error);
    }

    // Breaks the link once: 0: after the commit, before anything is sent back; 1: in the middle of the answer; 2: before the server
    // receives the transaction.
    private static void BreakAt(Interceptor interceptor, int place)
    {
        if (place == 2)
        {
            interceptor.ToServer = message =>
            {
                if (!message.Contains("\"insert\"", StringComparison.Ordinal))
                {
                    return message;
                }

                interceptor.ToServer = message => message;
                return null;
            };
        }
        else
        {
            interceptor.ToClient = message =>
            {
                var answer = message.Contains("\"result\":[{\"uuid\"", StringComparison.Ordinal);
                if (!answer && (place == 1 || !message.Contains("update3", StringComparison.Ordinal)))
                {
                    return message;
                }

                interceptor.ToClient = message => message;
                return answer && place == 1 ? message[..(message.Length / 2)] + Interceptor.Cut : null;
            };
        }
    }

    // Keeps the link alive until the client resets its backoff. Otherwise the growing delay would distort the measured recovery times.
    private static async Task ResetBackoffAsync(OvsdbClient client)
    {
        for (var since = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(since) < TimeSpan.FromMilliseconds(60); )
        {
            await client.EchoAsync(Ct);
        }
    }
}
