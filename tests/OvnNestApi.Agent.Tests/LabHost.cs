using System.Globalization;
using System.Text.Json;
using OvnNestApi.Contracts;
using TestServers;

namespace OvnNestApi.Agent.Tests;

/// <summary>
/// A real host of a sandbox with OVN, on which the agent applies work from a file. The logical ports match the work of the tests.
/// </summary>
public sealed class LabHost : IAsyncLifetime
{
    private const string Name = "h1";

    private const string DhcpOptions =
        "options={lease_time=\"3600\",router=\"10.0.0.1\",server_id=\"10.0.0.1\",server_mac=\"02:ac:10:ff:01:29\"}";

    private Sandbox? _sandbox;

    public Sandbox Sandbox => _sandbox ?? throw new InvalidOperationException("The host was not started.");

    public string State => Path.Combine(Sandbox.Folder, Name, "agent");

    public async ValueTask InitializeAsync()
    {
        _sandbox = await Sandbox.UpAsync(Name);
        await AddRouterAsync();
        var dhcp = await Sandbox.NbctlAsync("create", "DHCP_Options", "cidr=10.0.0.0/24", DhcpOptions);
        foreach (var (port, number) in new[] { ("vm5", 1), ("c51", 51), ("c52", 52) })
        {
            await AddPortAsync(port, number, dhcp);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_sandbox is not null)
        {
            await _sandbox.DisposeAsync();
        }
    }

    /// <summary>Runs the agent's command <c>apply</c> to its end and returns its report.</summary>
    internal async Task<HostReport> ApplyAsync(HostWork work)
    {
        string output;
        try
        {
            output = await ExecAsync("env", $"NEST_STATE={State}", "dotnet", Programs.Agent, "apply", FileOf(work));
        }
        catch (ProgramFailedException e) when (e.ExitCode == 1) // the exit code if something is not in place
        {
            output = e.StandardOutput;
        }
        return JsonSerializer.Deserialize<HostReport>(output, ContractJson.Options)
            ?? throw new InvalidOperationException("The agent printed null instead of a report.");
    }

    /// <summary>Starts the agent's command <c>apply</c> without waiting for its end.</summary>
    internal ChildProcess StartApply(HostWork work) =>
        Sandbox.Start(Name, ["dotnet", Programs.Agent, "apply", FileOf(work)], new Dictionary<string, string?> { ["NEST_STATE"] = State });

    /// <summary>Returns what the agent's command <c>plan</c> prints.</summary>
    internal Task<string> PlanAsync(HostWork work) =>
        ExecAsync("env", $"NEST_STATE={State}", "dotnet", Programs.Agent, "plan", FileOf(work));

    /// <summary>Types lines on the host.</summary>
    public Task<string> TypeAsync(string lines) => Sandbox.ShellAsync(Name, $"set -e\n{lines}");

    private async Task AddRouterAsync()
    {
        await Sandbox.NbctlAsync("ls-add", "dmz");
        await Sandbox.NbctlAsync("lr-add", "tenant1");
        await Sandbox.NbctlAsync("lrp-add", "tenant1", "tenant1-dmz", "02:ac:10:ff:01:29", "10.0.0.1/24");
        await Sandbox.NbctlAsync("lsp-add", "dmz", "dmz-tenant1");
        await Sandbox.NbctlAsync("lsp-set-type", "dmz-tenant1", "router");
        await Sandbox.NbctlAsync("lsp-set-addresses", "dmz-tenant1", "router");
        await Sandbox.NbctlAsync("lsp-set-options", "dmz-tenant1", "router-port=tenant1-dmz");
    }

    private async Task AddPortAsync(string name, int number, string dhcpOptions)
    {
        var port = $"dmz-{name}";
        var addresses = string.Create(CultureInfo.InvariantCulture, $"02:ac:10:ff:01:{number:x2} 10.0.0.{number + 100}");
        await Sandbox.NbctlAsync("lsp-add", "dmz", port);
        await Sandbox.NbctlAsync("lsp-set-addresses", port, addresses);
        await Sandbox.NbctlAsync("lsp-set-port-security", port, addresses);
        await Sandbox.NbctlAsync("lsp-set-dhcpv4-options", port, dhcpOptions);
        if (number > 1)
        {
            await Sandbox.NbctlAsync("set", "Logical_Switch_Port", port, "parent_name=dmz-vm5", $"tag_request={number}");
        }
    }

    private string FileOf(HostWork work)
    {
        var file = Path.Combine(Sandbox.Folder, "work.json");
        File.WriteAllText(file, JsonSerializer.Serialize(work, ContractJson.Options));
        return file;
    }

    public Task<string> ExecAsync(params string[] command) => Sandbox.ExecAsync(Name, command);

    public Task<string> VsctlAsync(params string[] arguments) => Sandbox.VsctlAsync(Name, arguments);

    public Task KillAsync(string server) => Sandbox.KillAsync(Name, server);

    public Task StartAsync(string server) => Sandbox.StartAsync(Name, server);

    public Task EmptyAsync(string server) => Sandbox.EmptyAsync(Name, server);

    public Task<bool> PingsAsync(string networkNamespace) => Sandbox.PingsAsync(Name, networkNamespace, "10.0.0.1");

    /// <summary>Command lines of the DHCP clients that run for this host.</summary>
    public IReadOnlyList<string> Clients() =>
        [
            .. Directory
                .EnumerateDirectories("/proc")
                .Where(folder => int.TryParse(Path.GetFileName(folder), out _))
                .Select(CommandLine)
                .Where(line => line.StartsWith("udhcpc ", StringComparison.Ordinal) && line.Contains(State, StringComparison.Ordinal)),
        ];

    private static string CommandLine(string process)
    {
        try
        {
            return File.ReadAllText($"{process}/cmdline").Replace('\0', ' ');
        }
        catch (IOException)
        {
            return "";
        }
    }
}
