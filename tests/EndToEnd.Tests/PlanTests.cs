using System.Text.RegularExpressions;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>What the service does can be done by hand: the plan of the lab, typed into an empty sandbox, gives the same lab.</summary>
public sealed partial class PlanTests(Lab lab)
{
    private const string Rows = """
        ovn-nbctl --format=csv --no-headings \
          -- --columns=name,external_ids list Logical_Router -- --columns=name,mac,networks,external_ids list Logical_Router_Port \
          -- --columns=name,external_ids list Logical_Switch -- --columns=cidr,options,external_ids list DHCP_Options \
          -- --columns=name,addresses,dhcpv4_options,enabled,options,parent_name,port_security,tag_request,tag,type,external_ids \
             list Logical_Switch_Port | sort
        """;

    // Without what ovn-controller adds: its tunnels, its keys of br-int, and the state of bound interfaces.
    private const string Ports = """
        ovs-vsctl --format=csv --no-headings \
          -- --columns=name,datapath_type list Bridge -- --columns=name,tag,trunks,external_ids list Port \
          -- --columns=name,type,options,mac,mtu_request list Interface | grep -v ^ovn- | sort
        """;

    private static readonly string[] Hosts = ["ubuntu1", "ubuntu2", "ubuntu3"];

    [Fact]
    public async Task Typed_into_an_empty_sandbox_the_plan_of_the_lab_gives_the_same_rows_and_ports_and_every_workload_is_reached()
    {
        await lab.ReadyAsync();
        Assert.Equal("# Nothing to do.\n", await PlanAsync("/v1/plan"));
        var plan = await PlanAsync("/v1/plan?from=empty");
        await using var sandbox = await Sandbox.UpAsync(Hosts);

        var parts = HostHeading().Split(plan);
        await sandbox.ShellAsync("central", $"set -e\n{parts[0]}");
        for (var part = 1; part < parts.Length; part += 2)
        {
            await sandbox.ShellAsync(parts[part], $"set -e\n# {parts[part + 1]}");
        }

        await Eventually.Becomes(
            "northd has set the tags",
            () => sandbox.ShellAsync("central", Rows),
            rows => rows.Contains(",52,52,", StringComparison.Ordinal)
        );
        Assert.Equal(await lab.Sandbox.ShellAsync("central", Rows), await sandbox.ShellAsync("central", Rows));
        foreach (var host in Hosts)
        {
            Assert.Equal(await lab.Sandbox.ShellAsync(host, Ports), await sandbox.ShellAsync(host, Ports));
        }

        foreach (var workload in lab.Workloads)
        {
            await Eventually.Holds($"{workload.Name} reaches its gateway", () =>
                sandbox.PingsAsync(workload.Host, workload.Namespace, workload.Gateway)
            );
            Assert.True(await sandbox.PingsAsync("ubuntu2", "c51", workload.Ip), workload.Name);
        }
    }

    private async Task<string> PlanAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        request.Headers.Add("Accept", "text/plain");
        using var response = await lab.Server.Client.SendAsync(request);
        return await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    [GeneratedRegex("^# on host ([a-z0-9]+): ", RegexOptions.Multiline)]
    private static partial Regex HostHeading();
}
