using System.Text.Json;
using System.Text.Json.Nodes;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Adoption;

/// <summary>An installation beside the northbound rows of a lab that was built by hand: vm1, and vm5 with c51 and c52.</summary>
public sealed class HandMadeLab : IAsyncDisposable
{
    public const string Path = "/v1/adoptions";

    private HandMadeLab(ReconciledInstallation nest) => Nest = nest;

    public ReconciledInstallation Nest { get; }

    public TestApi Api => Nest.Api;

    public static async Task<HandMadeLab> StartAsync()
    {
        var lab = new HandMadeLab(await ReconciledInstallation.StartAsync());
        await lab.Nest.NbctlAsync("ls-add", "dmz");
        var dhcp = await lab.Nest.NbctlAsync(
            "create",
            "DHCP_Options",
            "cidr=172.16.255.128/26",
            "options:router=172.16.255.129",
            "options:server_id=172.16.255.129",
            "options:server_mac=02:ac:10:ff:01:29",
            "options:lease_time=3600"
        );
        await lab.PortAsync("dmz-vm1", "02:ac:10:ff:01:30 172.16.255.130", dhcp.Trim());
        await lab.PortAsync("dmz-vm5", "02:ac:10:ff:01:32 172.16.255.132", dhcp.Trim());
        await lab.PortAsync("dmz-c51", "02:ac:10:ff:01:33 172.16.255.133", dhcp.Trim());
        await lab.PortAsync("dmz-c52", "02:ac:10:ff:01:34 172.16.255.134", dhcp.Trim());
        await lab.SetAsync("dmz-c51", "parent_name=dmz-vm5", "tag=51");
        await lab.SetAsync("dmz-c52", "parent_name=dmz-vm5", "tag=52");
        return lab;
    }

    /// <summary>Returns the items of the list.</summary>
    public async Task<JsonArray> ListAsync(string query = "")
    {
        var list = await Api.GetAsync(Path + query);
        return JsonNode.Parse(list.IsSuccess().Text)!["items"]!.AsArray();
    }

    public async Task<JsonNode> ItemAsync(string name) => (await ListAsync()).Single(item => (string?)item!["name"] == name)!;

    /// <summary>Returns the defects of an item as "code" or, if they block, "code!".</summary>
    public async Task<IReadOnlyList<string>> DefectsAsync(string name) =>
        [.. (await ItemAsync(name))["defects"]!.AsArray().Select(one => $"{one!["code"]}{((bool)one["blocks"]! ? "!" : "")}")];

    /// <summary>Posts these items, or others than vm1 if there are none.</summary>
    public async Task<ApiResponse> AdoptAsync(string query = "", params IEnumerable<JsonNode?> items)
    {
        var all = items.Any() ? items : (await ListAsync()).Where(item => (string?)item!["name"] != "vm1");
        return await Api.PostAsync(Path + query, Body(all));
    }

    public static string Body(IEnumerable<JsonNode?> items) =>
        new JsonObject { ["items"] = new JsonArray([.. items.Select(item => item?.DeepClone())]) }.ToJsonString(
            JsonSerializerOptions.Default
        );

    public Task SetAsync(string port, params string[] columns) => Nest.NbctlAsync(["set", "Logical_Switch_Port", port, .. columns]);

    /// <summary>Returns UUIDs and versions of all rows of a table, by name or UUID; each change of a row changes its version.</summary>
    public async Task<Dictionary<string, (string Uuid, string Version)>> VersionsAsync(string table)
    {
        var select = $$$"""["OVN_Northbound",{"op":"select","table":"{{{table}}}","where":[]}]""";
        var answer = await ChildProcess.RunAsync("ovsdb-client", ["transact", Nest.Server.Endpoint, select]);
        return JsonNode.Parse(answer)![0]!["rows"]!
            .AsArray()
            .Select(row => (Uuid: (string)row!["_uuid"]![1]!, Version: (string)row["_version"]![1]!, Name: (string?)row["name"]))
            .ToDictionary(row => row.Name ?? row.Uuid, row => (row.Uuid, row.Version));
    }

    public async ValueTask DisposeAsync() => await Nest.DisposeAsync();

    private async Task PortAsync(string name, string address, string dhcp)
    {
        await Nest.NbctlAsync("lsp-add", "dmz", name, "--", "lsp-set-addresses", name, address);
        await Nest.NbctlAsync("lsp-set-port-security", name, address, "--", "lsp-set-dhcpv4-options", name, dhcp);
    }
}
