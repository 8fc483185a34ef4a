using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OvnNestApi.Contracts;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// Agent without a real host: it gets the work from the API, applies it to lists in memory, and reports these lists to the API.
/// </summary>
public sealed class SimulatedAgent
{
    private readonly Dictionary<Guid, (Guid Vm, int Tag)> _ports = [];
    private readonly HashSet<Guid> _attached = [];
    private readonly TestApi _api;
    private readonly string _key;

    private SimulatedAgent(TestApi api, string host, string key) => (_api, Host, _key) = (api, host, key);

    /// <summary>Name of the host.</summary>
    public string Host { get; }

    /// <summary>The reported largest MTU of the host's tunnels; null for unknown.</summary>
    public int? TunnelMtu { get; set; }

    /// <summary>The reported <c>ovn-nb-cfg</c> of the integration bridge.</summary>
    public long NbCfg { get; set; }

    /// <summary>The work that the agent got last.</summary>
    public HostWork Work { get; private set; } = new("", default, "", "", [], []);

    /// <summary>True to leave ports that the work says to remove, as if another program kept them.</summary>
    public bool LeavesPorts { get; set; }

    private (string Name, string Value) Authorization => ("Authorization", $"Bearer {_key}");

    /// <summary>Enrols an agent for an existing host.</summary>
    public static async Task<SimulatedAgent> EnrolAsync(TestApi api, string host)
    {
        var token = (await api.PostAsync($"/v1/hosts/{host}/enrolment", "")).IsSuccess().Json.GetProperty("token").GetString();
        var key = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
        (await api.PostAsync("/v1/enrolments", $$"""{"keySha256":"{{hash}}"}""", ("Authorization", $"Bearer {token}"))).IsSuccess();
        return new(api, host, key);
    }

    /// <summary>Gets the current work without applying it.</summary>
    public async Task FetchAsync()
    {
        var response = (await _api.GetAsync($"/v1/hosts/{Host}/work", Authorization)).Is(HttpStatusCode.OK);
        Work = JsonSerializer.Deserialize<HostWork>(response.Text, ContractJson.Options)!;
    }

    /// <summary>Waits at most 30 s for other work than <see cref="Work"/>, and returns it.</summary>
    public async Task<HostWork> PollAsync()
    {
        var path = $"/v1/hosts/{Host}/work?after={Work.Cursor}&wait=30s";
        var response = (await _api.GetAsync(path, Authorization)).Is(HttpStatusCode.OK);
        return JsonSerializer.Deserialize<HostWork>(response.Text, ContractJson.Options)!;
    }

    /// <summary>Polls as an agent at rest does: the request is held for 10 s and is then answered without work.</summary>
    public Task HoldAsync() => _api.GetAsync($"/v1/hosts/{Host}/work?after={Work.Cursor}&wait=10s", Authorization);

    /// <summary>Returns an agent with the same key that sends its requests to another process.</summary>
    public SimulatedAgent Through(TestApi process) => new(process, Host, _key) { Work = Work };

    /// <summary>Gets the current work, applies it and reports.</summary>
    public async Task PassAsync()
    {
        await FetchAsync();
        Apply();
        await ReportAsync();
    }

    /// <summary>Applies the work that the agent got last.</summary>
    public void Apply()
    {
        foreach (var vm in Work.Vms)
        {
            _attached.Add(vm.Id);
            foreach (var container in vm.Containers)
            {
                _ports[container.Id] = (vm.Id, container.Tag);
            }
        }

        if (!LeavesPorts)
        {
            foreach (var removal in Work.Remove)
            {
                _ports.Remove(removal.Id);
                _attached.Remove(removal.Id);
            }
        }
    }

    /// <summary>Reports the lists.</summary>
    /// <param name="error">Error to report for every resource; null if there is none.</param>
    public Task ReportAsync(string? error = null) => SendAsync(Report(error));

    /// <summary>Sends this report; fails the test if it is refused.</summary>
    public async Task SendAsync(HostReport report) =>
        (await _api.PutAsync($"/v1/hosts/{Host}/report", JsonSerializer.Serialize(report, ContractJson.Options), Authorization)).Is(
            HttpStatusCode.NoContent
        );

    /// <summary>Returns the report of the lists.</summary>
    public HostReport Report(string? error = null) =>
        new(
            Work.Cursor,
            Host,
            NbCfg,
            [
                .. Work.Vms.Select(vm => new ObjectReport(vm.Id, vm.Digest, error, null, true)),
                .. Work
                    .Vms.SelectMany(vm => vm.Containers)
                    .Select(c => new ObjectReport(c.Id, error is null ? c.Digest : null, error, "10.0.0.1", false)),
            ],
            [
                .. _attached
                    .Union(_ports.Values.Select(port => port.Vm))
                    .Select(vm => new BridgeReport(
                        vm,
                        "br",
                        [.. _ports.Values.Where(port => port.Vm == vm).Select(port => port.Tag)],
                        _attached.Contains(vm)
                    )),
            ],
            LeavesPorts ? [] : [.. Work.Remove.Select(removal => removal.Id)],
            [],
            TunnelMtu
        );
}
