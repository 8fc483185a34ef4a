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

    /// <summary>The header with the agent's key.</summary>
    public (string Name, string Value) Authorization => ("Authorization", $"Bearer {_key}");

    /// <summary>Session that the requests carry; null for an agent that has not opened one.</summary>
    public string? Session { get; set; }

    private (string Name, string Value)[] Headers => Session is null ? [Authorization] : [Authorization, (SessionRequest.Header, Session)];

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
        var response = (await _api.GetAsync($"/v1/hosts/{Host}/work", Headers)).Is(HttpStatusCode.OK);
        Work = JsonSerializer.Deserialize<HostWork>(response.Text, ContractJson.Options)!;
    }

    /// <summary>Waits at most 30 s for other work than <see cref="Work"/>, and returns it.</summary>
    public async Task<HostWork> PollAsync()
    {
        var path = $"/v1/hosts/{Host}/work?after={Work.Cursor}&wait=30s";
        var response = (await _api.GetAsync(path, Headers)).Is(HttpStatusCode.OK);
        return JsonSerializer.Deserialize<HostWork>(response.Text, ContractJson.Options)!;
    }

    /// <summary>Polls as an agent at rest does: the request is held for 10 s and is then answered without work.</summary>
    public Task HoldAsync() => _api.GetAsync($"/v1/hosts/{Host}/work?after={Work.Cursor}&wait=10s", Headers);

    /// <summary>Returns the checks that wait for a result; waits for them at most for this time.</summary>
    /// <param name="running">Ids of the checks that the agent has already, comma-separated.</param>
    public async Task<IReadOnlyList<HostCheck>> ChecksAsync(string wait = "0s", string running = "")
    {
        var response = (await TryChecksAsync(wait, running)).IsSuccess();
        return response.Status == HttpStatusCode.NoContent
            ? []
            : JsonSerializer.Deserialize<HostChecks>(response.Text, ContractJson.Options)!.Items;
    }

    /// <summary>Requests the checks that wait for a result; the API may refuse the request.</summary>
    public Task<ApiResponse> TryChecksAsync(string wait = "0s", string running = "") =>
        _api.GetAsync($"/v1/hosts/{Host}/checks?wait={wait}&running={running}", Headers);

    /// <summary>Sends the result of a check.</summary>
    public Task<ApiResponse> FinishAsync(Guid check, CheckResult result) =>
        _api.PutAsync($"/v1/hosts/{Host}/checks/{check}", JsonSerializer.Serialize(result, ContractJson.Options), Headers);

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

    /// <summary>Adds a port that the work does not contain, as if another program had added it.</summary>
    public void Add(Guid vm, int tag) => _ports[Guid.NewGuid()] = (vm, tag);

    /// <summary>Removes the ports with this tag, as if another program had removed them.</summary>
    public void Forget(int tag)
    {
        foreach (var id in _ports.Where(port => port.Value.Tag == tag).Select(port => port.Key).ToList())
        {
            _ports.Remove(id);
        }
    }

    /// <summary>Reports the lists.</summary>
    /// <param name="error">Error to report for every resource; null if there is none.</param>
    public Task ReportAsync(string? error = null) => SendAsync(Report(error));

    /// <summary>Sends this report; fails the test if it is refused.</summary>
    public async Task SendAsync(HostReport report) => (await TrySendAsync(report)).Is(HttpStatusCode.NoContent);

    /// <summary>Sends this report, which the API may refuse.</summary>
    public Task<ApiResponse> TrySendAsync(HostReport report) =>
        _api.PutAsync($"/v1/hosts/{Host}/report", JsonSerializer.Serialize(report, ContractJson.Options), Headers);

    /// <summary>Asks for the work, which the API may refuse.</summary>
    /// <param name="query">Such as <c>?wait=10s</c>.</param>
    public Task<ApiResponse> TryFetchAsync(string query = "") => _api.GetAsync($"/v1/hosts/{Host}/work{query}", Headers);

    /// <summary>Opens a session as an agent does after its start, which the API may refuse.</summary>
    public Task<ApiResponse> OpenSessionAsync(string systemId) =>
        SendSessionAsync(JsonSerializer.Serialize(new SessionRequest(Guid.NewGuid(), systemId), ContractJson.Options));

    /// <summary>Sends the body of a request for a session.</summary>
    public async Task<ApiResponse> SendSessionAsync(string body)
    {
        var response = await _api.PutAsync($"/v1/hosts/{Host}/session", body, Headers);
        if (response.Status == HttpStatusCode.OK)
        {
            Session = response.Json.GetProperty("session").GetString();
        }

        return response;
    }

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
