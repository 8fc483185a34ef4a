using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>A lab that was built by hand, with the commands of its author, is adopted as a whole while its traffic goes on.</summary>
public sealed partial class AdoptionTests
{
    private const string Northbound = """
        ovn-nbctl ls-add dmz
        ovn-nbctl lr-add tenant1 -- lrp-add tenant1 tenant1-dmz 02:ac:10:ff:01:29 172.16.255.129/26
        ovn-nbctl lsp-add dmz dmz-tenant1 -- lsp-set-type dmz-tenant1 router -- lsp-set-addresses dmz-tenant1 router \
          -- lsp-set-options dmz-tenant1 router-port=tenant1-dmz
        uuid=$(ovn-nbctl create DHCP_Options cidr=172.16.255.128/26 options:lease_time=3600 options:router=172.16.255.129 \
          options:server_id=172.16.255.129 options:server_mac=02:ac:10:ff:01:29)
        port() {
          ovn-nbctl lsp-add dmz "$1"
          ovn-nbctl lsp-set-addresses "$1" "$2"
          ovn-nbctl lsp-set-port-security "$1" "$2"
          ovn-nbctl lsp-set-dhcpv4-options "$1" "$uuid"
        }
        port dmz-vm1 "02:ac:10:ff:01:30 172.16.255.130"
        port dmz-vm5 "02:ac:10:ff:01:32 172.16.255.132"
        port dmz-c51 "02:ac:10:ff:01:33 172.16.255.133"
        ovn-nbctl set Logical_Switch_Port dmz-c51 parent_name=dmz-vm5
        ovn-nbctl set Logical_Switch_Port dmz-c51 tag=51
        port dmz-c52 "02:ac:10:ff:01:34 172.16.255.134"
        ovn-nbctl set Logical_Switch_Port dmz-c52 parent_name=dmz-vm5
        ovn-nbctl set Logical_Switch_Port dmz-c52 tag=52
        """;

    // The bridge has the datapath type of br-int, because the lab has no kernel module.
    private const string Ubuntu2 = $$"""
        ovs-vsctl add-br br-vm5 -- set Bridge br-vm5 datapath_type=netdev
        ovs-vsctl add-port br-vm5 brvm5-brint -- set Interface brvm5-brint type=patch options:peer=brint-brvm5
        ovs-vsctl add-port br-int brint-brvm5 -- set Interface brint-brvm5 type=patch options:peer=brvm5-brint
        ovs-vsctl set Interface brint-brvm5 external_ids:iface-id=dmz-vm5
        ovs-vsctl add-port br-vm5 vm5 -- set interface vm5 type=internal
        ip link set vm5 address 02:ac:10:ff:01:32
        ip netns add vm5
        ip link set vm5 netns vm5
        {{Dhcp}} vm5
        ip netns add c51
        ovs-vsctl add-port br-vm5 c51 tag=51 -- set interface c51 type=internal
        ip link set c51 address 02:ac:10:ff:01:33
        ip link set c51 netns c51
        {{Dhcp}} c51
        ip netns add c52
        ovs-vsctl add-port br-vm5 c52 tag=52 -- set interface c52 type=internal
        ip link set c52 address 02:ac:10:ff:01:34
        ip link set c52 netns c52
        {{Dhcp}} c52
        """;

    private const string Ubuntu1 = $$"""
        ovs-vsctl add-port br-int vm1 -- set interface vm1 type=internal external_ids:iface-id=dmz-vm1
        ip link set vm1 address 02:ac:10:ff:01:30
        ip netns add vm1
        ip link set vm1 netns vm1
        {{Dhcp}} vm1
        """;

    // A client that keeps running, as dhclient does.
    private const string Dhcp = """
        dhcp() { ip -n $1 link set $1 up; ip netns exec $1 udhcpc -i $1 -b -t 60 -T 1 </dev/null >/dev/null 2>&1; }
        dhcp
        """;

    private const string Rows = """
        ovn-nbctl --format=csv --no-headings --columns=name,_uuid list Logical_Switch_Port | sort
        ovn-nbctl --format=csv --no-headings list DHCP_Options
        ovn-nbctl --format=csv --no-headings list Logical_Switch
        """;

    private const string HostItems = """
        ovs-vsctl --format=csv --no-headings --columns=name,_uuid list Port | sort
        ovs-vsctl --format=csv --no-headings --columns=name,_uuid list Bridge | sort
        for name in vm5 c51 c52; do stat -L -c %i /run/netns/$name; ip -n $name -o link show $name | cut -d: -f1; done
        """;

    [Fact]
    public async Task The_lab_is_adopted_as_a_whole_without_losing_a_ping_and_can_be_deleted()
    {
        await using var sandbox = await Sandbox.UpAsync("ubuntu1", "ubuntu2");
        await sandbox.ShellAsync("central", Northbound);
        await sandbox.ShellAsync("ubuntu1", Ubuntu1);
        await sandbox.ShellAsync("ubuntu2", Ubuntu2);
        foreach (var name in new[] { "vm5", "c51", "c52" })
        {
            await Eventually.Holds($"{name} reaches vm1", () => sandbox.PingsAsync("ubuntu2", name, "172.16.255.130"));
        }

        var (rows, items) = (await sandbox.ShellAsync("central", Rows), await sandbox.ShellAsync("ubuntu2", HostItems));
        await using var server = await StartServerAsync(sandbox);
        await SendAsync(server, HttpMethod.Put, "v1/hosts/ubuntu1", new JsonObject());
        await SendAsync(server, HttpMethod.Put, "v1/hosts/ubuntu2", new JsonObject());
        await using var agent1 = await AgentProcess.StartAsync(server, sandbox, "ubuntu1");
        await using var agent2 = await AgentProcess.StartAsync(server, sandbox, "ubuntu2");
        await using var vm5 = Ping(sandbox, "vm5", "172.16.255.129");
        await using var c51 = Ping(sandbox, "c51", "172.16.255.129");
        await using var c52 = Ping(sandbox, "c52", "172.16.255.130");

        await AdoptAsync(server);

        await Eventually.Becomes(
            "the network, two hosts, two VMs and two containers are ready",
            async () => (await GetAsync(server, "v1/readiness")).ToJsonString(),
            readiness => readiness == """{"total":7,"ready":7,"reasons":{}}""",
            TimeSpan.FromSeconds(120)
        );
        await PingsGoOnAsync(vm5, c51, c52);
        Assert.Equal(rows, await sandbox.ShellAsync("central", Rows));
        Assert.Equal(items, await sandbox.ShellAsync("ubuntu2", HostItems));
        Assert.Equal("51", await sandbox.NbctlAsync("get", "Logical_Switch_Port", "dmz-c51", "tag_request"));
        Assert.Equal("[0, 51, 52]", await sandbox.VsctlAsync("ubuntu2", "get", "Port", "brvm5-brint", "trunks"));

        await SendAsync(server, HttpMethod.Delete, "v1/vms/vm5?cascade=true&wait=60s");
        Assert.DoesNotContain("br-vm5", await sandbox.VsctlAsync("ubuntu2", "list-br"), StringComparison.Ordinal);
        Assert.Equal("", await sandbox.ExecAsync("ubuntu2", "ip", "netns", "list"));
        Assert.Equal("", await sandbox.ShellAsync("ubuntu2", "ovs-vsctl list-ports br-int | grep brvm5 || true"));
        Assert.Contains("dmz-vm1", await sandbox.NbctlAsync("show", "dmz"), StringComparison.Ordinal);
    }

    /// <summary>
    /// Posts the list back: vm5 with its bridge on ubuntu2, and vm1, whose device is on br-int, without work for its host.
    /// </summary>
    private static async Task AdoptAsync(NestServer server)
    {
        var items = (await GetAsync(server, "v1/adoptions"))["items"]!.AsArray();
        Assert.Equal(["dmz", "vm1", "vm5", "c51", "c52"], items.Select(item => (string?)item!["name"]));
        items[1]!["spec"]!["workload"] = "none";
        items[2]!["spec"]!["host"] = "ubuntu2";
        await SendAsync(server, HttpMethod.Post, "v1/adoptions", new JsonObject { ["items"] = items.DeepClone() });
    }

    private static async Task<NestServer> StartServerAsync(Sandbox sandbox) =>
        await NestServer.StartAsync(
            new NestServerOptions
            {
                Database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync(),
                Northbound = sandbox.Northbound,
                Handler = inner => new DescribedResponses(inner),
                Settings = new Dictionary<string, string> { ["Leases__Cooldown"] = "00:00:01" },
            }
        );

    private static ChildProcess Ping(Sandbox sandbox, string name, string target) =>
        sandbox.Start("ubuntu2", ["ip", "netns", "exec", name, "ping", "-D", "-i", "0.05", target]);

    /// <summary>Waits until each process has received replies for another two seconds, and checks that none is missing.</summary>
    private static async Task PingsGoOnAsync(params ChildProcess[] pings)
    {
        foreach (var ping in pings)
        {
            var before = Replies(ping).Count;
            await Eventually.Holds("more replies", () => Replies(ping).Count >= before + 40);
            await ping.StopAsync();
            var replies = Replies(ping);
            var gap = replies.Zip(replies.Skip(1), (one, next) => next.Time - one.Time).Max();
            var lost = replies[^1].Number - replies[0].Number + 1 - replies.Count;
            Lab.Log($"{replies.Count} replies, {lost} lost, longest gap {gap * 1000:0} ms");
            Assert.Equal(0, lost);
        }
    }

    private static List<(double Time, int Number)> Replies(ChildProcess ping) =>
        [
            .. Reply()
                .Matches(ping.Output)
                .Select(match =>
                    (
                        double.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture),
                        int.Parse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture)
                    )
                ),
        ];

    private static Task<JsonNode> GetAsync(NestServer server, string path) => SendAsync(server, HttpMethod.Get, path);

    private static async Task<JsonNode> SendAsync(NestServer server, HttpMethod method, string path, JsonNode? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        request.Content = body is null ? null : JsonContent.Create(body);
        using var response = await server.Client.SendAsync(request);
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.Accepted, $"{method} {path}: {text}");
        return text.Length == 0 ? new JsonObject() : JsonNode.Parse(text)!;
    }

    [GeneratedRegex(@"\[([0-9.]+)\] [0-9]+ bytes from .* icmp_seq=([0-9]+) ", RegexOptions.CultureInvariant)]
    private static partial Regex Reply();
}
