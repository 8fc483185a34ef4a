using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using OvnNestApi.Changes;
using OvnNestApi.Data;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Changes;

/// <summary>The feed of changes: who changed what, without gaps.</summary>
public sealed class ChangeTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Every_change_shows_who_made_it_and_the_values_before_and_after()
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
    public async Task A_reader_gets_every_change_exactly_once_while_several_clients_write()
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
    public async Task A_change_is_not_returned_before_an_earlier_change_whose_transaction_is_still_open()
    {
        var from = await NowAsync();
        await using var db = api.Open();
        await using var transaction = await db.Database.BeginTransactionAsync();
        ChangeLog.Add(db, "router", null, "slow", Guid.NewGuid(), "created", null, null);
        await db.SaveChangesAsync();
        var fast = api.NewName("fast");
        (await api.PutAsync($"/v1/routers/{fast}", "{}")).IsSuccess();

        // The later change is committed. A feed that returned it here would skip the earlier one for this reader.
        var before = await ReadAsync(from);
        Assert.Empty(before.Names);
        var held = ReadAsync(before.Next, "10s");
        await transaction.CommitAsync();
        Assert.Equal(["slow", fast], (await held).Names);

        async Task<(List<string?> Names, string Next)> ReadAsync(string after, string wait = "0s")
        {
            var page = (await api.GetAsync($"/v1/changes?after={after}&kind=router&wait={wait}")).Is(HttpStatusCode.OK).Json;
            return ([.. page.GetProperty("items").EnumerateArray().Select(change => Text(change, "name"))], Text(page, "next")!);
        }
    }

    [Fact]
    public async Task A_new_process_that_cannot_know_the_end_of_the_log_says_so()
    {
        await using var other = api.Open();
        await using var transaction = await other.Database.BeginTransactionAsync();
        ChangeLog.Add(other, "router", null, "open", Guid.NewGuid(), "created", null, null);
        await other.SaveChangesAsync();
        await using var fresh = new TestApi(api.Database);
        await fresh.InitializeAsync();

        var refused = await fresh.GetAsync("/v1/changes");
        Assert.Contains("end of the change log", refused.IsProblem("database-unavailable").Detail);
        Assert.Contains("Retry-After", refused.Headers);
        Assert.False(
            (await fresh.GetAsync("/v1/routers")).Is(HttpStatusCode.OK).Json.TryGetProperty("changesCursor", out var cursor),
            $"{cursor}"
        );

        await transaction.CommitAsync();
        Assert.NotEmpty((await fresh.GetAsync("/v1/changes")).Is(HttpStatusCode.OK).Json.GetProperty("next").GetString()!);
    }

    [Fact]
    public async Task A_transaction_that_adds_nothing_to_the_log_does_not_delay_the_feed()
    {
        var from = await NowAsync();
        await using var other = api.Open();
        await using var transaction = await other.Database.BeginTransactionAsync();
        await other.Database.ExecuteSqlAsync($"SELECT pg_current_xact_id()");
        var name = api.NewName("prompt");
        (await api.PutAsync($"/v1/routers/{name}", "{}")).IsSuccess();
        Assert.Contains(name, (await api.GetAsync($"/v1/changes?after={from}&limit=1000")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_contains_the_cursor_of_the_changes_that_follow_it()
    {
        var from = (await api.GetAsync("/v1/routers")).Json.GetProperty("changesCursor").GetString();
        var name = api.NewName("later");
        (await api.PutAsync($"/v1/routers/{name}", "{}")).IsSuccess();
        Assert.Contains(name, (await api.GetAsync($"/v1/changes?after={from}&limit=1000")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cursor_of_another_database_is_expired_and_other_text_is_invalid()
    {
        (await api.GetAsync("/v1/changes?after=nonsense")).IsProblem("cursor-invalid");
        (await api.GetAsync("/v1/changes?after=0123456789ab-5")).IsProblem("cursor-expired");
    }

    [Fact]
    public async Task Old_changes_are_deleted_and_a_reader_that_missed_them_gets_a_problem()
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
            await ChangeRetention.Of(TimeSpan.FromDays(30)).PruneAsync(database, default);
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
