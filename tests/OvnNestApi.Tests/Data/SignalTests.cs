using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Data;

/// <summary>Wake-ups after writes, in the process and to other processes.</summary>
public sealed class SignalTests
{
    private static readonly (string Method, string Path, string? Body)[] Writes =
    [
        ("PUT", "/v1/networks/n", """{"spec":{"subnet":"10.1.0.0/24","dhcp":{"mtu":1400}}}"""),
        ("POST", "/v1/routers", """{"name":"r"}"""),
        ("PUT", "/v1/vms/vm5", """{"spec":{"network":"n","host":"h","enabled":false}}"""),
        ("PUT", "/v1/vms/vm5/containers/c52", """{"spec":{"vlan":52}}"""),
        ("PATCH", "/v1/vms/vm5/containers/c51", """{"spec":{"vlan":60}}"""),
        ("POST", "/v1/vms/vm5/vlan-leases", """{"spec":{"owner":"web"}}"""),
        ("PUT", "/v1/vms/vm5/vlan-leases/77", """{"spec":{"owner":"db"}}"""),
        ("DELETE", "/v1/vms/vm5/vlan-leases/70", null),
        ("DELETE", "/v1/vms/vm5/containers/c51", null),
        ("DELETE", "/v1/hosts/h?cascade=true", null),
    ];

    [Fact]
    public async Task A_dry_run_sends_no_signal_and_the_same_write_without_dry_run_sends_one()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var signals = api.Services.GetRequiredService<Signals>();
        await Eventually.Holds("the process sends notifications", () => signals.IsRelayed);
        await api.PutSpecAsync("/v1/hosts/h");
        await api.PutSpecAsync("/v1/networks/n", """{"subnet":"10.1.0.0/24"}""");
        await api.PutSpecAsync("/v1/vms/vm5", """{"network":"n","host":"h"}""");
        await api.PutSpecAsync("/v1/vms/vm5/containers/c51", """{"vlan":51}""");
        await api.PutSpecAsync("/v1/vms/vm5/vlan-leases/70", """{"owner":"old"}""");
        var host = await api.ReadAsync(db => db.Hosts.Select(h => h.Id).SingleAsync());

        var (work, outgoing) = (signals.Work(host).Next, signals.Outgoing.Next);
        foreach (var (method, path, body) in Writes)
        {
            await SendAsync(method, $"{path}{(path.Contains('?', StringComparison.Ordinal) ? "&" : "?")}dryRun=true", body);
            Assert.False(work.IsCompleted, $"{method} {path} with dryRun has woken the poll of the host.");
            Assert.False(outgoing.IsCompleted, $"{method} {path} with dryRun has sent a signal to other processes.");
        }

        await using var listener = new NpgsqlConnection(api.Database);
        await listener.OpenAsync();
        var isNotified = false;
        listener.Notification += (_, _) => isNotified = true;
        await ExecuteAsync("LISTEN ovnnest");
        foreach (var (method, path, body) in Writes)
        {
            var next = signals.Outgoing.Next;
            await SendAsync(method, path, body);
            Assert.True(next.IsCompleted, $"{method} {path} has sent no signal.");
        }

        Assert.True(work.IsCompleted);
        await Eventually.Holds("other processes are notified", async () =>
        {
            await ExecuteAsync("SELECT 1");
            return isNotified;
        });

        async Task SendAsync(string method, string path, string? body)
        {
            var mediaType = method == "PATCH" ? "application/merge-patch+json" : "application/json";
            (await api.SendAsync(HttpMethod.Parse(method), path, body, ("Content-Type", mediaType))).IsSuccess();
        }

        async Task ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, listener);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task Wake_ups_of_other_processes_arrive_again_after_the_connection_for_them_was_lost()
    {
        await using var api = new TestApi();
        await api.InitializeAsync();
        var signals = api.Services.GetRequiredService<Signals>();
        await Eventually.Holds("the process receives notifications", () => signals.IsRelayed);
        await using var db = api.Open();
        var lost = await ListenersAsync();
        await db.Database.ExecuteSqlAsync($"SELECT pg_terminate_backend({Assert.Single(lost)})");
        await Eventually.Holds("the process listens again", async () => await ListenersAsync() is [var pid] && pid != lost[0]);

        await Eventually.Holds("a notification wakes the reconciler", async () =>
        {
            var dirty = signals.Dirty.Next;
            await db.Database.ExecuteSqlAsync($"SELECT pg_notify('ovnnest', 'another process')");
            return await Task.WhenAny(dirty, Task.Delay(TimeSpan.FromSeconds(1))) == dirty;
        });

        Task<List<int>> ListenersAsync() =>
            db
                .Database.SqlQuery<int>(
                    $"""SELECT pid AS "Value" FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN ovnnest'"""
                )
                .ToListAsync();
    }
}
