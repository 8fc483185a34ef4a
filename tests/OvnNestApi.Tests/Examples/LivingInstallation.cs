using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Examples;

/// <summary>
/// The service with everything that it waits for: each host has an agent, and a port is up as soon as the northbound database has it. So a
/// client that waits for a resource sees it become ready or gone.
/// </summary>
public sealed class LivingInstallation : IAsyncLifetime
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(400);

    /// <summary>A configuration that every chassis has reached, above those that the reconciler writes.</summary>
    private const long Reached = 1_000_000_000;

    private readonly Dictionary<string, SimulatedAgent> _agents = [];
    private readonly CancellationTokenSource _ended = new();
    private ReconciledInstallation? _nest;
    private Task _life = Task.CompletedTask;
    private Exception? _lastError;

    internal TestApi Api => _nest!.Api;

    /// <summary>Address of the service, without a slash at the end.</summary>
    internal string Url => Api.Client.BaseAddress!.ToString().TrimEnd('/');

    public async ValueTask InitializeAsync()
    {
        _nest = await ReconciledInstallation.StartAsync();
        await _nest.SetHvCfgAsync(Reached);
        _life = LiveAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _ended.CancelAsync();
        await _life;
        _ended.Dispose();
        await _nest!.DisposeAsync();
    }

    /// <summary>Returns the number of resources, all of which must be ready.</summary>
    internal async Task<int> ReadyAsync()
    {
        var readiness = (await Api.GetAsync("/v1/readiness")).IsSuccess();
        var (total, ready) = (readiness.Json.GetProperty("total").GetInt32(), readiness.Json.GetProperty("ready").GetInt32());
        Assert.True(total == ready, readiness.Text);
        return total;
    }

    /// <summary>Runs a program that gets the address and an editor's key of the service as NEST_URL and NEST_KEY.</summary>
    /// <returns>The standard output.</returns>
    internal async Task<string> RunAsync(string program, params string[] arguments)
    {
        try
        {
            return await ChildProcess.RunAsync(
                program,
                arguments,
                new Dictionary<string, string?> { ["NEST_URL"] = Url, ["NEST_KEY"] = await Api.KeyAsync(Role.Editor) }
            );
        }
        catch (ProgramFailedException e) when (_lastError is not null)
        {
            throw new InvalidOperationException($"{e.Message}\nThe last error of the agents: {_lastError}", e);
        }
    }

    private async Task LiveAsync()
    {
        using var timer = new PeriodicTimer(Pace);
        while (!_ended.IsCancellationRequested)
        {
            try
            {
                await RunAgentsAsync();
                await SetPortsUpAsync();
                await _nest!.SweepAsync();
                await timer.WaitForNextTickAsync(_ended.Token);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                // A resource can be deleted between two requests; the next round succeeds. A lasting error keeps the example waiting.
                _lastError = e;
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RunAgentsAsync()
    {
        var hosts = (await Api.GetAsync("/v1/hosts")).IsSuccess().Json.GetProperty("items");
        foreach (var host in hosts.EnumerateArray().Select(host => host.GetProperty("name").GetString()!))
        {
            if (!_agents.TryGetValue(host, out var agent))
            {
                agent = await SimulatedAgent.EnrolAsync(Api, host);
                agent.NbCfg = Reached;
                _agents[host] = agent;
            }

            await agent.PassAsync();
        }
    }

    /// <summary>Sets <c>up</c> and <c>tag</c> as ovn-northd does when a port is bound.</summary>
    private async Task SetPortsUpAsync()
    {
        var rows = await _nest!.NbctlAsync(
            "--no-headings",
            "--format=csv",
            "--columns=_uuid,up,tag_request,tag",
            "list",
            "Logical_Switch_Port"
        );
        List<string> commands = [];
        foreach (var row in rows.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(row => row.Split(',')))
        {
            var (id, up, requested, tag) = (row[0], row[1], row[2], row[3]);
            if (up != "true" || tag != requested)
            {
                commands.AddRange(["--", "--if-exists", "set", "Logical_Switch_Port", id, "up=true", $"tag={requested}"]);
            }
        }

        if (commands.Count > 0)
        {
            await _nest.NbctlAsync([.. commands.Skip(1)]);
        }
    }
}
