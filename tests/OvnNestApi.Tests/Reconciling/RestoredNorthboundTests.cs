using System.Globalization;
using System.Net;
using System.Text.Json;
using OvnNestApi.Tests.Harness;
using OvnNestApi.Tests.Manifests;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>
/// The northbound database is replaced by an older one. Its rows of resources that no longer exist are strays, which the safety brake
/// withholds; a resource that needs the name or tag of a stray shows that, and everything is right after the release.
/// </summary>
public sealed class RestoredNorthboundTests
{
    private const string Api = "/v1/reconciler";
    private static readonly (string, string) OftenCompared = ("Reconciler:Resync", "00:00:00.5");

    [Fact]
    public async Task Successors_of_strays_name_the_brake_to_release_and_a_deletion_in_progress_ends()
    {
        await using var nest = await ReconciledInstallation.StartAsync(OftenCompared);
        var agent = await nest.HostAsync();
        await FilledAsync(nest, agent);
        await nest.SettledAsync();
        var backup = nest.Server.Backup();

        foreach (var name in new[] { "x101", "x102", "x103", "x104" })
        {
            await nest.DeleteContainerAsync(name);
        }

        await Eventually.Holds("four containers are deleted", () => IsGoneAsync(nest, agent, "x101", "x102", "x103", "x104"));
        await nest.ContainerAsync("x101", 101);
        await nest.ContainerAsync("x102", 302);
        await nest.ContainerAsync("y", 104);
        await nest.SettledAsync();
        await nest.DeleteContainerAsync("c51");
        await nest.SettledAsync();
        await nest.Server.RestoreAsync(backup);

        var brake = await BrakeAsync(nest, removals: 4);
        var id = brake.GetProperty("id").GetString()!;
        foreach (var (name, what, stray) in new[] { ("x101", "name", "x101"), ("x102", "name", "x102"), ("y", "tag", "x104") })
        {
            var status = await Eventually.Becomes(
                $"{name} names the brake",
                async () => (await nest.Api.GetAsync($"/v1/vms/vm5/containers/{name}")).Json.GetProperty("status"),
                status => status.GetProperty("message").GetString()!.Contains(id, StringComparison.Ordinal)
            );
            Assert.Equal("Braked", status.GetProperty("reason").GetString());
            Assert.Contains($"the same {what}", status.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains($"dmz-vm5-{stray} (", status.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        await ReleaseAsync(nest, id);
        await nest.PortBecomesAsync("dmz-vm5-x101", "tag_request", "101");
        await nest.PortBecomesAsync("dmz-vm5-x102", "tag_request", "302");
        await nest.PortBecomesAsync("dmz-vm5-y", "tag_request", "104");
        await Eventually.Holds("the deletion ends", () => IsGoneAsync(nest, agent, "c51"));
        await Eventually.Becomes("no stray is left", nest.PortsAsync, ports =>
            ports.Count == 20 && !ports.Contains("dmz-vm5-x104") && !ports.Contains("dmz-vm5-c51")
        );
        Assert.False((await StatusAsync(nest)).TryGetProperty("brake", out _));
    }

    [Fact]
    public async Task A_release_that_no_leader_has_carried_out_is_carried_out_by_the_next_one_and_a_former_release_is_not()
    {
        await using var nest = await ReconciledInstallation.StartAsync(OftenCompared);
        var agent = await nest.HostAsync();
        await FilledAsync(nest, agent);
        await nest.SettledAsync();
        var backup = nest.Server.Backup();
        foreach (var name in new[] { "x101", "x102", "x103", "x104" })
        {
            await nest.DeleteContainerAsync(name);
        }

        await Eventually.Holds("four containers are deleted", () => IsGoneAsync(nest, agent, "x101", "x102", "x103", "x104"));
        await nest.Server.RestoreAsync(backup);
        var first = (await BrakeAsync(nest, removals: 4)).GetProperty("id").GetString()!;
        await ReleaseAsync(nest, first);
        await Eventually.Holds("the strays are gone", async () => (await nest.PortsAsync()).Count == 18);
        await Eventually.Holds("nothing is withheld", async () => !(await StatusAsync(nest)).TryGetProperty("brake", out _));

        await nest.StopReconcilerAsync();
        await nest.Server.RestoreAsync(backup);
        await nest.StartProcessAsync(OftenCompared);
        var second = (await BrakeAsync(nest, removals: 4)).GetProperty("id").GetString()!;
        Assert.NotEqual(first, second);
        Assert.Equal(22, (await nest.PortsAsync()).Count);

        await nest.StopReconcilerAsync();
        await ReleaseAsync(nest, second);
        await nest.StartProcessAsync(OftenCompared);
        await Eventually.Holds("the strays are gone", async () => (await nest.PortsAsync()).Count == 18);
    }

    [Fact]
    public async Task A_withheld_stray_that_an_operator_deletes_no_longer_counts_and_its_successor_is_written()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        var agent = await nest.HostAsync();
        await FilledAsync(nest, agent);
        await nest.SettledAsync();
        var backup = nest.Server.Backup();
        string[] names = ["x101", "x102", "x103", "x104"];
        foreach (var name in names)
        {
            await nest.DeleteContainerAsync(name);
        }

        await Eventually.Holds("four containers are deleted", () => IsGoneAsync(nest, agent, names));
        await nest.ContainerAsync("x101", 301);
        await nest.SettledAsync();
        await nest.Server.RestoreAsync(backup);
        await BrakeAsync(nest, removals: 4);

        await nest.NbctlAsync([.. names.SelectMany(name => new[] { "--", "lsp-del", $"dmz-vm5-{name}" })]);
        await nest.PortBecomesAsync("dmz-vm5-x101", "tag_request", "301");
        await Eventually.Holds("nothing is withheld", async () => !(await StatusAsync(nest)).TryGetProperty("brake", out _));
    }

    /// <summary>Creates vm5 on the agent's host with the containers c51 and x101 to x120.</summary>
    private static async Task FilledAsync(ReconciledInstallation nest, SimulatedAgent agent)
    {
        await nest.LabAsync(1, agent.Host);
        var items = Enumerable.Range(101, 20).Select(tag => ManifestTests.Container("vm5", $"x{tag}", $$"""{"vlan":{{tag}} }"""));
        (await nest.Api.PostAsync("/v1/manifests", ManifestTests.Body([.. items]))).Is(HttpStatusCode.OK);
        await nest.SettledAsync();
        await agent.PassAsync();
    }

    /// <summary>Lets the host confirm everything, with flows of the present northbound database.</summary>
    private static async Task<bool> IsGoneAsync(ReconciledInstallation nest, SimulatedAgent agent, params string[] containers)
    {
        agent.NbCfg = long.Parse(await nest.NbctlAsync("get", "NB_Global", ".", "nb_cfg"), CultureInfo.InvariantCulture);
        await agent.PassAsync();
        await nest.SweepAsync();
        foreach (var name in containers)
        {
            if ((await nest.Api.GetAsync($"/v1/vms/vm5/containers/{name}")).Status != HttpStatusCode.NotFound)
            {
                return false;
            }
        }

        return true;
    }

    private static async Task<JsonElement> StatusAsync(ReconciledInstallation nest) =>
        (await nest.Api.GetAsync(Api)).Json.GetProperty("status");

    private static async Task<JsonElement> BrakeAsync(ReconciledInstallation nest, int removals)
    {
        var status = await Eventually.Becomes(
            $"{removals} removals are withheld",
            () => StatusAsync(nest),
            status => status.TryGetProperty("brake", out var brake) && brake.GetProperty("removals").GetInt32() == removals
        );
        return status.GetProperty("brake");
    }

    private static async Task ReleaseAsync(ReconciledInstallation nest, string id) =>
        (await nest.Api.PutAsync(Api, $$"""{"spec":{"releaseBrake":"{{id}}"} }""")).IsSuccess();
}
