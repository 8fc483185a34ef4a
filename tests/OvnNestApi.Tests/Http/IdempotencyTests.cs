using System.Net;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Http;

/// <summary>A POST with an idempotency key can be repeated without a second effect.</summary>
public sealed class IdempotencyTests(TestApi api) : IClassFixture<TestApi>
{
    private const string Three = """{"spec":{"owner":"web","ttl":"1h","count":3}}""";

    [Fact]
    public async Task A_repeated_reservation_gets_the_same_answer_without_a_second_effect()
    {
        var path = await LeasesPathAsync();
        var first = (await PostAsync(path, Three, "leases")).Is(HttpStatusCode.Created);
        var rows = await api.RowsAsync();
        var again = (await PostAsync(path, Three, "leases")).Is(HttpStatusCode.Created);
        Assert.Equal((first.Text, rows), (again.Text, await api.RowsAsync()));

        var single = (await PostAsync(path, """{"spec":{"owner":"one"}}""", "one")).Is(HttpStatusCode.Created);
        var same = (await PostAsync(path, """{"spec":{"owner":"one"}}""", "one")).Is(HttpStatusCode.Created);
        Assert.Equal((single.Text, single.ETag, single.Headers["Location"]), (same.Text, same.ETag, same.Headers["Location"]));

        // Without a key, the repetition is a request of its own: it renews the leases.
        (await api.PostAsync(path, Three)).Is(HttpStatusCode.OK);
        Assert.NotEqual(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_repetition_gets_the_first_answer_even_if_the_effect_was_undone_since()
    {
        var path = await LeasesPathAsync();
        var first = (await PostAsync(path, """{"spec":{"owner":"web"}}""", "undone")).Is(HttpStatusCode.Created);
        (await api.DeleteAsync(first.Headers["Location"])).Is(HttpStatusCode.NoContent);
        Assert.Equal(first.Text, (await PostAsync(path, """{"spec":{"owner":"web"}}""", "undone")).Text);
        (await api.GetAsync(first.Headers["Location"])).Is(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_repeated_manifest_gets_the_same_answer_without_a_second_effect()
    {
        var (manifest, yaml) = (Manifest(api.NewName("net")), $"items:\n- kind: network\n  name: {api.NewName("net")}\n  spec: {{}}\n");
        var first = (await PostAsync("/v1/manifests", manifest, "json")).Is(HttpStatusCode.OK);
        var again = (await PostAsync("/v1/manifests", manifest, "json")).Is(HttpStatusCode.OK);
        Assert.Equal("created", again.Json.GetProperty("items")[0].GetProperty("action").GetString());
        Assert.Equal(first.Text, again.Text);
        Assert.Equal("unchanged", (await ApplyAsync(manifest)).Json.GetProperty("items")[0].GetProperty("action").GetString());

        (string, string)[] headers = [("Content-Type", "application/yaml"), (IdempotencyKey.Header, "yaml")];
        var fromYaml = (await api.PostAsync("/v1/manifests", yaml, headers)).Is(HttpStatusCode.OK);
        Assert.Equal(fromYaml.Text, (await api.PostAsync("/v1/manifests", yaml, headers)).Text);
        (await PostAsync("/v1/manifests", manifest, "yaml")).IsProblem("idempotency-key-reused");
    }

    [Fact]
    public async Task A_repeated_manifest_that_is_still_not_ready_in_time_gets_202_again()
    {
        var manifest = Manifest(api.NewName("net"));
        var first = (await PostAsync("/v1/manifests?wait=1ms", manifest, "waits")).Is(HttpStatusCode.Accepted);
        var again = (await PostAsync("/v1/manifests?wait=1ms", manifest, "waits")).Is(HttpStatusCode.Accepted);
        Assert.Equal(first.Text, again.Text);
    }

    [Fact]
    public async Task A_key_with_another_path_query_or_body_is_refused()
    {
        var (path, other) = (await LeasesPathAsync(), await LeasesPathAsync());
        (await PostAsync(path, Three, "reused")).Is(HttpStatusCode.Created);
        var manifest = Manifest(api.NewName("net"));
        (await PostAsync("/v1/manifests", manifest, "reused-too")).Is(HttpStatusCode.OK);
        var before = await api.RowsAsync();
        (await PostAsync(path, """{"spec":{"owner":"web","ttl":"1h","count":2}}""", "reused")).IsProblem("idempotency-key-reused");
        (await PostAsync(other, Three, "reused")).IsProblem("idempotency-key-reused");
        (await PostAsync("/v1/manifests?prune=app=none", manifest, "reused-too")).IsProblem("idempotency-key-reused");
        Assert.Equal(before, await api.RowsAsync());
    }

    [Fact]
    public async Task Requests_with_the_key_of_a_running_request_are_refused_by_every_process()
    {
        var path = await LeasesPathAsync();
        (string, string)[] headers = [("Authorization", $"Bearer {await api.KeyAsync(Role.Admin)}"), (IdempotencyKey.Header, "running")];

        // Its first request waits for the row of the VM for as long as the test takes.
        await using var other = new TestApi($"{api.Database};Command Timeout=60;Options=-c lock_timeout=60s");
        await other.InitializeAsync();
        await using var blocking = api.Open();
        await using var transaction = await blocking.Database.BeginTransactionAsync();
        await blocking.Database.ExecuteSqlAsync($"SELECT FROM vms WHERE name = {path.Split('/')[3]} FOR UPDATE");
        var running = other.PostAsync(path, Three, headers);
        await Eventually.Holds("the first request holds the key", () => api.ReadAsync(HasLockAsync));
        foreach (var process in new[] { other, api })
        {
            var refused = (await process.PostAsync(path, Three, headers)).IsProblem("idempotency-in-flight");
            Assert.Equal("1", refused.Headers["Retry-After"]);
        }

        await transaction.RollbackAsync();
        var first = (await running).Is(HttpStatusCode.Created);
        Assert.Equal(first.Text, (await api.PostAsync(path, Three, headers)).Text);
        Assert.Equal(3, (await api.GetAsync(path)).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Concurrent_requests_with_one_key_have_one_effect()
    {
        var path = await LeasesPathAsync();
        await api.KeyAsync(Role.Admin);
        var responses = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => PostAsync(path, Three, "concurrent")));
        var created = responses.Where(response => response.Status == HttpStatusCode.Created).ToList();
        Assert.Single(created.Select(response => response.Text).Distinct());
        Assert.All(responses.Except(created), response => response.IsProblem("idempotency-in-flight"));
        var leases = (await api.GetAsync(path)).Json.GetProperty("items").EnumerateArray().ToList();
        Assert.Equal(3, leases.Count);
        Assert.All(leases, lease => Assert.Equal(1, lease.GetProperty("metadata").GetProperty("revision").GetInt64()));
    }

    [Fact]
    public async Task Keys_of_different_senders_are_independent()
    {
        var path = await LeasesPathAsync();
        (await PostAsync(path, Three, "shared")).Is(HttpStatusCode.Created);
        var editor = ("Authorization", $"Bearer {await api.KeyAsync(Role.Editor)}");
        var spec = """{"spec":{"owner":"editor"}}""";
        (await api.PostAsync(path, spec, editor, (IdempotencyKey.Header, "shared"))).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_refused_request_and_a_dry_run_are_not_remembered()
    {
        var name = api.NewName("vm");
        var path = $"/v1/vms/{name}/vlan-leases";
        (await PostAsync(path, Three, "early")).IsProblem("not-found");
        await api.PutSpecAsync($"/v1/vms/{name}", $$"""{"network":"{{await api.NetworkAsync()}}"}""");
        (await PostAsync($"{path}?dryRun", Three, "early")).Is(HttpStatusCode.Created);
        (await PostAsync(path, Three, "early")).Is(HttpStatusCode.Created);
        var rows = await api.RowsAsync();
        (await PostAsync($"{path}?dryRun", """{"spec":{"owner":"other"}}""", "early")).Is(HttpStatusCode.Created);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_key_can_be_used_again_after_24_hours()
    {
        var path = await LeasesPathAsync();
        (await PostAsync(path, Three, "old")).Is(HttpStatusCode.Created);
        await AgeAsync("old", TimeSpan.FromHours(23.9));
        (await PostAsync(path, Three, "old")).Is(HttpStatusCode.Created);
        await AgeAsync("old", TimeSpan.FromHours(24.1));
        (await PostAsync(path, Three, "old")).Is(HttpStatusCode.OK);
        await AgeAsync("old", TimeSpan.FromHours(24.1));
        var other = """{"spec":{"owner":"other"}}""";
        var renewed = (await PostAsync(path, other, "old")).Is(HttpStatusCode.Created);
        Assert.Equal(renewed.Text, (await PostAsync(path, other, "old")).Text);
    }

    [Fact]
    public async Task Records_are_deleted_after_24_hours()
    {
        var path = await LeasesPathAsync();
        (await PostAsync(path, """{"spec":{"owner":"a"}}""", "pruned")).Is(HttpStatusCode.Created);
        (await PostAsync(path, """{"spec":{"owner":"b"}}""", "kept")).Is(HttpStatusCode.Created);
        await AgeAsync("pruned", TimeSpan.FromHours(24.1));
        await AgeAsync("kept", TimeSpan.FromHours(23.9));
        await Idempotency.Retention.PruneAsync(api.Services.GetRequiredService<NpgsqlDataSource>(), default);
        string[] keys = ["pruned", "kept"];
        Assert.Equal(["kept"], await api.ReadAsync(db => Keys(db).Where(key => keys.Contains(key)).ToListAsync()));
    }

    [Theory]
    [InlineData(1, '\t')]
    [InlineData(256, 'k')]
    public async Task A_key_that_is_not_1_to_255_printable_ASCII_characters_is_refused(int length, char character)
    {
        var path = await LeasesPathAsync();
        var refused = await PostAsync(path, Three, $"a{new string(character, length)}b"[..Math.Max(3, length)]);
        Assert.Equal(
            "The header Idempotency-Key is not valid: one value of 1 to 255 printable ASCII characters is expected.",
            refused.IsProblem("validation-failed").Detail
        );
        Assert.Equal(0, (await api.GetAsync(path)).Json.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task A_key_of_255_printable_ASCII_characters_is_valid()
    {
        var path = await LeasesPathAsync();
        (await PostAsync(path, Three, new('k', 255))).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task The_effect_and_its_record_are_committed_together_or_not_at_all()
    {
        var path = await LeasesPathAsync();
        await api.ExecuteAsync(
            $"""
            CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''The commit fails.''; END';
            CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON idempotency_records DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW WHEN (NEW.key = 'atomic') EXECUTE FUNCTION refuse()
            """
        );
        (await PostAsync(path, Three, "atomic")).IsProblem("internal");
        Assert.Equal(0, (await api.GetAsync(path)).Json.GetProperty("items").GetArrayLength());
        Assert.DoesNotContain("atomic", await api.ReadAsync(db => Keys(db).ToListAsync()));

        await api.ExecuteAsync($"DROP TRIGGER refuse ON idempotency_records");
        (await PostAsync(path, Three, "atomic")).Is(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_request_without_a_key_runs_no_further_statement()
    {
        var path = await LeasesPathAsync();
        await api.PostAsync(path, """{"spec":{"owner":"warm"}}""");
        using (var without = new StatementCounter())
        {
            (await api.PostAsync(path, """{"spec":{"owner":"a"}}""")).Is(HttpStatusCode.Created);
            Assert.DoesNotContain("idempotency_records", without.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("advisory", without.Text, StringComparison.Ordinal);
        }

        using var counter = new StatementCounter();
        (await PostAsync(path, """{"spec":{"owner":"b"}}""", "counted")).Is(HttpStatusCode.Created);
        Assert.Contains("idempotency_records", counter.Text, StringComparison.Ordinal);
    }

    private static string Manifest(string network) =>
        $$$"""{"items":[{"kind":"network","name":"{{{network}}}","spec":{"subnet":"10.7.0.0/24"}}]}""";

    private static IQueryable<string> Keys(NestDb db) => db.IdempotencyRecords.Select(record => record.Key);

    private static async Task<bool> HasLockAsync(NestDb db) =>
        (
            await db.QueryAsync(
                """
                SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE l.locktype = 'advisory' AND d.datname = current_database()
                """,
                _ => true,
                default
            )
        ).Count > 0;

    private async Task<string> LeasesPathAsync() => $"/v1/vms/{await api.VmAsync()}/vlan-leases";

    private Task<ApiResponse> ApplyAsync(string manifest) => api.PostAsync("/v1/manifests", manifest);

    private Task<ApiResponse> PostAsync(string path, string body, string key) => api.PostAsync(path, body, (IdempotencyKey.Header, key));

    private Task AgeAsync(string key, TimeSpan age) =>
        api.ExecuteAsync($"UPDATE idempotency_records SET at = now() - {age} WHERE key = {key}");
}
