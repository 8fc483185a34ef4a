using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Changes;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Changes;

/// <summary>The feed of changes: who, what, and nothing lost.</summary>
public sealed class ChangeTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Every_change_tells_who_and_from_what_to_what()
    {
        var from = await NowAsync();
        var vm = await api.VmAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":51}}""", ("X-Request-Id", "first"))).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"spec":{"vlan":51}}""")).IsSuccess();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", """{"labels":{"x":"y"},"spec":{"vlan":60}}""")).IsSuccess();
        (await api.DeleteAsync($"/v1/vms/{vm}/containers/a")).IsSuccess();

        var changes = (await api.GetAsync($"/v1/changes?after={from}&kind=container&vm={vm}"))
            .Json.GetProperty("items")
            .EnumerateArray()
            .ToList();

        Assert.Equal(["created", "updated", "deleting"], changes.Select(change => change.GetProperty("action").GetString()));
        Assert.Equal(
            ("key:admin", "first", "container", vm, "a"),
            (
                Text(changes[0], "by"),
                Text(changes[0], "requestId"),
                Text(changes[0], "kind"),
                Text(changes[0], "vm"),
                Text(changes[0], "name")
            )
        );
        Assert.Equal("""{"name":"a","spec":{"vlan":51}}""", changes[1].GetProperty("before").GetRawText());
        Assert.Equal("""{"name":"a","labels":{"x":"y"},"spec":{"vlan":60}}""", changes[1].GetProperty("after").GetRawText());
    }

    [Fact]
    public async Task A_reader_loses_nothing_and_sees_nothing_twice_while_many_write()
    {
        var cursor = await NowAsync();
        var writers = Task.WhenAll(
            Enumerable
                .Range(0, 6)
                .Select(async i =>
                {
                    for (var j = 0; j < 20; j++)
                    {
                        (await api.PutAsync($"/v1/routers/feed-{i}-{j}", "{}")).Is(HttpStatusCode.Created);
                    }
                })
        );
        var seen = new List<string?>();
        while (seen.Count < 120)
        {
            var page = (await api.GetAsync($"/v1/changes?after={cursor}&limit=7&kind=router&wait=5s")).Is(HttpStatusCode.OK);
            seen.AddRange(
                page.Json.GetProperty("items")
                    .EnumerateArray()
                    .Select(change => change.GetProperty("name").GetString())
                    .Where(name => name!.StartsWith("feed-", StringComparison.Ordinal))
            );
            cursor = page.Json.GetProperty("next").GetString()!;
        }

        await writers;
        Assert.Equal(120, seen.Distinct().Count());
        Assert.Equal(120, seen.Count);
    }

    [Fact]
    public async Task A_change_whose_transaction_is_still_open_is_waited_for()
    {
        var from = await NowAsync();
        await using var db = api.Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        ChangeLog.Add(db, "router", null, "slow", Guid.NewGuid(), "created", null, null);
        await db.SaveChangesAsync();
        var fast = api.NewName("fast");
        (await api.PutAsync($"/v1/routers/{fast}", "{}")).IsSuccess();

        // The later change is committed. A reader that did not wait for the earlier one would return it at once and skip the earlier one.
        var reading = api.GetAsync($"/v1/changes?after={from}&kind=router&wait=10s");
        await Assert.ThrowsAsync<TimeoutException>(() => reading.WaitAsync(TimeSpan.FromSeconds(2)));
        await transaction.CommitAsync();
        var changes = (await reading).Is(HttpStatusCode.OK).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(["slow", fast], changes.ConvertAll(change => Text(change, "name")));
    }

    [Fact]
    public async Task A_list_tells_where_its_changes_begin()
    {
        var from = (await api.GetAsync("/v1/routers")).Json.GetProperty("changesCursor").GetString();
        var name = api.NewName("later");
        (await api.PutAsync($"/v1/routers/{name}", "{}")).IsSuccess();
        Assert.Contains(name, (await api.GetAsync($"/v1/changes?after={from}&limit=1000")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_of_another_time_is_told_apart_from_nonsense()
    {
        (await api.GetAsync("/v1/changes?after=nonsense")).IsProblem("cursor-invalid");
        (await api.GetAsync("/v1/changes?after=0123456789ab-5")).IsProblem("cursor-expired");
    }

    [Fact]
    public async Task What_is_too_old_is_forgotten_and_who_missed_it_is_told()
    {
        await using var old = new TestApi();
        await old.InitializeAsync();
        var cursor = (await old.GetAsync("/v1/changes")).Json.GetProperty("next").GetString()!;
        for (var i = 0; i < 3; i++)
        {
            (await old.PutAsync($"/v1/routers/r{i}", "{}")).IsSuccess();
        }

        await using (var db = old.Open())
        {
            await db.Database.ExecuteSqlAsync($"UPDATE changes SET at = now() - interval '31 days' WHERE name IN ('r0', 'r1')");
        }

        await using (var database = NpgsqlDataSource.Create(old.Database))
        {
            await ChangeRetention.PruneAsync(database, TimeSpan.FromDays(30), default);
        }

        (await old.GetAsync($"/v1/changes?after={cursor}")).IsProblem("cursor-expired");
        Assert.Equal(2, await CountAsync(old));

        static async Task<int> CountAsync(TestApi of)
        {
            await using var db = of.Open();
            return await db.Changes.CountAsync(change => change.Kind == "router");
        }
    }

    private static string? Text(JsonElement json, string field) => json.GetProperty(field).GetString();

    private async Task<string> NowAsync() =>
        (await api.GetAsync("/v1/changes")).Is(HttpStatusCode.OK).Json.GetProperty("next").GetString()!;
}
