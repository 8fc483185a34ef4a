using System.Net;
using System.Text.Json;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using OvnNestApi.Tests.Manifests;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Many changes that no request has caused are withheld until an admin releases them; everything else goes on.</summary>
public sealed class BrakeTests
{
    private const string Api = "/v1/reconciler";
    private static readonly (string, string) OftenCompared = ("Reconciler:Resync", "00:00:00.5");

    [Fact]
    public async Task While_300_removals_are_withheld_other_resources_are_created_changed_and_deleted()
    {
        await using var nest = await ReconciledInstallation.StartAsync(OftenCompared);
        await FilledAsync(nest, 300);
        await nest.NetworkAsync("spare");
        await nest.SettledAsync();
        await nest.ExecuteAsync($"DELETE FROM containers WHERE name LIKE 'x%'; DELETE FROM vlan_leases WHERE tag > 100");

        var brake = await BrakeAsync(nest, removals: 300, rewrites: 0);
        Assert.StartsWith("300 of 306 rows would be deleted", brake.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(300, brake.GetProperty("resourceCount").GetInt32());
        Assert.Equal(100, brake.GetProperty("resources").GetArrayLength());
        Assert.Equal("dmz-vm5-x101", brake.GetProperty("resources")[0].GetProperty("name").GetString());

        await nest.ContainerAsync("c52", 52);
        await nest.PortBecomesAsync("dmz-vm5-c52", "tag_request", "52");
        (await nest.Api.PatchAsync("/v1/vms/vm5/containers/c51", """{"spec":{"enabled":false}}""")).IsSuccess();
        await nest.PortBecomesAsync("dmz-vm5-c51", "enabled", "false");
        (await nest.Api.DeleteAsync("/v1/networks/spare?wait=30s")).Is(HttpStatusCode.NoContent);
        Assert.Equal(303, (await nest.PortsAsync()).Count);
        Assert.Equal(0, await BrakedAsync(nest));

        await ReleaseAsync(nest, await BrakeAsync(nest, removals: 300, rewrites: 0));
        await Eventually.Becomes("the ports are gone", nest.PortsAsync, ports => ports is ["dmz-vm5", "dmz-vm5-c51", "dmz-vm5-c52"]);
        await EndsAsync(nest);
    }

    [Fact]
    public async Task Addresses_of_a_restored_older_database_are_withheld_by_resource_and_written_after_the_release()
    {
        await using var nest = await ReconciledInstallation.StartAsync(OftenCompared);
        await FilledAsync(nest, 60);
        var written = await AddressesAsync(nest);
        await nest.ExecuteAsync($"UPDATE containers SET ip = ip + 1000 WHERE name LIKE 'x%'");

        var brake = await BrakeAsync(nest, removals: 0, rewrites: 60);
        Assert.Equal(written, await AddressesAsync(nest));
        Assert.Equal("60 of 64 rows would be changed, without a request through the API.", brake.GetProperty("message").GetString());
        var first = brake.GetProperty("resources")[0];
        Assert.Equal(
            ("container", "vm5", "x101"),
            (first.GetProperty("kind").GetString(), first.GetProperty("vm").GetString(), first.GetProperty("name").GetString())
        );
        var status = (await nest.Api.GetAsync("/v1/vms/vm5/containers/x101")).Json.GetProperty("status");
        Assert.Equal("Braked", status.GetProperty("reason").GetString());
        Assert.Contains("would be changed: addresses from", status.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(60, await BrakedAsync(nest));

        (await nest.Api.PatchAsync("/v1/vms/vm5/containers/x101", """{"spec":{"enabled":false}}""")).IsSuccess();
        await nest.PortBecomesAsync("dmz-vm5-x101", "enabled", "false");
        Assert.NotEqual(written[1], (await AddressesAsync(nest))[1]);
        Assert.Equal(written[2..], (await AddressesAsync(nest))[2..]);

        // The id of what was withheld before does not release what is withheld now.
        await ReleaseAsync(nest, brake);
        var remaining = await BrakeAsync(nest, removals: 0, rewrites: 59);
        Assert.NotEqual(brake.GetProperty("id").GetString(), remaining.GetProperty("id").GetString());
        Assert.Equal(written[2..], (await AddressesAsync(nest))[2..]);
        await ReleaseAsync(nest, remaining);
        await Eventually.Becomes(
            "all addresses are written",
            () => AddressesAsync(nest),
            addresses => addresses.Skip(1).Zip(written.Skip(1)).All(pair => pair.First != pair.Second)
        );
        await EndsAsync(nest);
    }

    [Fact]
    public async Task Drift_in_small_portions_is_withheld_as_well_also_by_the_next_leader_while_missing_rows_are_inserted()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await FilledAsync(nest, 400);
        foreach (var portion in Enumerable.Range(101, 400).Chunk(40))
        {
            await nest.NbctlAsync([.. portion.SelectMany(Rewrite)]);
        }

        var brake = await Eventually.Becomes(
            "the brake withholds most of the drift",
            () => StatusAsync(nest),
            status => status is { } found && found.GetProperty("rewrites").GetInt32() >= 350
        );
        Assert.InRange(await RewrittenAsync(nest), 350, 400);

        await nest.NbctlAsync("lsp-del", "dmz-vm5-c51");
        await nest.PortBecomesAsync("dmz-vm5-c51", "tag_request", "51");

        var next = await nest.StartProcessAsync();
        var former = await nest.LeaderAsync();
        await ReconciledInstallation.StopReconcilerAsync(nest.Api);
        await Eventually.Becomes("the next leader has compared everything", nest.LeaderAsync, leader =>
            leader.Epoch > former.Epoch && leader.ResyncedAt > former.ResyncedAt
        );
        Assert.Equal(brake?.GetRawText(), (await StatusAsync(nest))?.GetRawText());
        Assert.InRange(await RewrittenAsync(nest), 350, 400);
        await ReconciledInstallation.StopReconcilerAsync(next);
    }

    [Fact]
    public async Task What_is_withheld_is_repaired_as_soon_as_it_no_longer_exceeds_the_limits()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await FilledAsync(nest, 200);
        await nest.NbctlAsync([.. Enumerable.Range(101, 52).SelectMany(Rewrite)]);
        await BrakeAsync(nest, removals: 0, rewrites: 52);

        for (var i = 101; i <= 102; i++)
        {
            (await nest.Api.PatchAsync($"/v1/vms/vm5/containers/x{i}", """{"spec":{"enabled":false}}""")).IsSuccess();
        }

        await Eventually.Becomes("everything is repaired", () => RewrittenAsync(nest), count => count == 0);
        await EndsAsync(nest);
    }

    [Fact]
    public async Task A_few_changed_rows_are_repaired_at_once_without_a_request()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await FilledAsync(nest, 20);
        await nest.NbctlAsync([.. Enumerable.Range(101, 5).SelectMany(Rewrite)]);
        await Eventually.Becomes("all addresses are right again", () => RewrittenAsync(nest), count => count == 0);
        Assert.Null(await StatusAsync(nest));
    }

    /// <summary>Creates vm5 with container c51 and this number of containers x101, x102 and so on.</summary>
    private static async Task FilledAsync(ReconciledInstallation nest, int containers)
    {
        await nest.LabAsync(1);
        var items = Enumerable.Range(101, containers).Select(tag => ManifestTests.Container("vm5", $"x{tag}", $$"""{"vlan":{{tag}} }"""));
        (await nest.Api.PostAsync("/v1/manifests", ManifestTests.Body([.. items]))).Is(HttpStatusCode.OK);
        await nest.SettledAsync();
        Assert.Equal(containers + 2, (await nest.PortsAsync()).Count);
    }

    private static IEnumerable<string> Rewrite(int container) =>
        ["--", "set", "Logical_Switch_Port", $"dmz-vm5-x{container}", "addresses=unknown"];

    private static async Task<int> RewrittenAsync(ReconciledInstallation nest) =>
        (await nest.NbctlAsync("--bare", "--columns=name", "find", "Logical_Switch_Port", "addresses=unknown"))
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Length;

    /// <summary>Returns name and addresses of all containers' ports, sorted.</summary>
    private static async Task<string[]> AddressesAsync(ReconciledInstallation nest)
    {
        var rows = await nest.NbctlAsync(
            "--no-headings",
            "--format=csv",
            "--columns=name,addresses",
            "find",
            "Logical_Switch_Port",
            "parent_name=dmz-vm5"
        );
        return [.. rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    private static Task<int> BrakedAsync(ReconciledInstallation nest) =>
        nest.ReadAsync(db => Task.FromResult(db.Containers.Count(container => container.Reason == Reason.Braked)));

    private static async Task<JsonElement?> StatusAsync(ReconciledInstallation nest) =>
        (await nest.Api.GetAsync(Api)).Json.GetProperty("status").TryGetProperty("brake", out var brake) ? brake : null;

    private static async Task<JsonElement> BrakeAsync(ReconciledInstallation nest, int removals, int rewrites)
    {
        var brake = await Eventually.Becomes(
            $"{removals} removals and {rewrites} rewrites are withheld",
            () => StatusAsync(nest),
            found =>
                found is { } status
                && status.GetProperty("removals").GetInt32() == removals
                && status.GetProperty("rewrites").GetInt32() == rewrites
        );
        return Assert.NotNull(brake);
    }

    private static Task<ApiResponse> ReleaseAsync(ReconciledInstallation nest, JsonElement brake) =>
        nest.Api.PutSpecAsync(Api, $$"""{"releaseBrake":"{{brake.GetProperty("id").GetString()}}"}""");

    private static Task<TimeSpan> EndsAsync(ReconciledInstallation nest) =>
        Eventually.Holds("nothing is withheld", async () => await StatusAsync(nest) is null && await BrakedAsync(nest) == 0);
}
