using System.Collections.Concurrent;
using System.Diagnostics;
using Npgsql;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Data;

/// <summary>What the process does while there are no requests.</summary>
public sealed class IdleTests
{
    /// <summary>
    /// Ten heartbeats of the leader, three polls of three statements, and what finds lost wake-ups: the presence of the hosts, the searches
    /// of the reconciler and of the sweeper, and the last work after the start.
    /// </summary>
    private const int MostStatements = 35;

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_process_at_rest_with_three_agents_sends_few_statements_to_the_database()
    {
        await using var northbound = await OvsdbServer.StartNewAsync();
        await using var api = new TestApi(await TestDatabase.CreateAsync(), ("Northbound:Endpoints", northbound.Endpoint));
        await api.InitializeAsync();
        await ComparedAsync(api);
        var agents = await Task.WhenAll(Enumerable.Range(1, 3).Select(n => StartAgentAsync(api, $"h{n}")));

        var statements = new ConcurrentQueue<string>();
        using var listener = Listen(new NpgsqlConnectionStringBuilder(api.Database).Database, statements);
        ActivitySource.AddActivityListener(listener);
        var start = Stopwatch.GetTimestamp();
        await Task.WhenAll(agents.Select(agent => agent.HoldAsync()));
        var seconds = Stopwatch.GetElapsedTime(start) / IdleTime;
        Assert.True(
            !statements.IsEmpty && statements.Count <= MostStatements * seconds,
            $"{statements.Count} statements in {seconds:0.0} times ten seconds:\n{string.Join("\n--\n", statements)}"
        );
    }

    /// <summary>Waits until the first full comparison has ended.</summary>
    private static Task<TimeSpan> ComparedAsync(TestApi api) => Eventually.Holds("the northbound database was compared", async () =>
        {
            await using var source = NpgsqlDataSource.Create(api.Database);
            await using var command = source.CreateCommand("SELECT resynced_at IS NOT NULL FROM leader");
            return await command.ExecuteScalarAsync() is true;
        });

    private static async Task<SimulatedAgent> StartAgentAsync(TestApi api, string host)
    {
        await api.PutSpecAsync($"/v1/hosts/{host}");
        var agent = await SimulatedAgent.EnrolAsync(api, host);
        await agent.PassAsync();
        return agent;
    }

    private static ActivityListener Listen(string? database, ConcurrentQueue<string> statements) =>
        new()
        {
            ShouldListenTo = source => source.Name == "Npgsql",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activity =>
            {
                if (activity.GetTagItem("db.namespace") as string == database)
                {
                    statements.Enqueue(activity.GetTagItem("db.query.text") as string ?? activity.DisplayName);
                }
            },
        };
}
