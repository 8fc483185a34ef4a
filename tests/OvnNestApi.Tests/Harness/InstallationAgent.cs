using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using OvnNestApi.Agents;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;

namespace OvnNestApi.Tests.Harness;

/// <summary>Model of a host and its agent: takes the work, applies it to lists in memory or leaves it, reports the lists.</summary>
internal sealed class InstallationAgent(Installation nest, Host host)
{
    private readonly Dictionary<Guid, (Guid Vm, int Tag)> _ports = [];
    private readonly HashSet<Guid> _attached = [];

    /// <summary>br-int's <c>ovn-nb-cfg</c>.</summary>
    public long NbCfg { get; set; }

    public HostWork Work { get; private set; } = new("", default, "", "", [], []);

    /// <summary>Ports that it is asked to remove and does not: something holds them.</summary>
    public bool LeavesPorts { get; set; }

    /// <summary>Takes the present work without doing it.</summary>
    public async Task FetchAsync() => Work = (await Poll().ReadAsync(host.Id, default))!;

    /// <summary>Takes the present work, does it and reports.</summary>
    public async Task PassAsync()
    {
        await FetchAsync();
        Do();
        await ReportAsync();
    }

    public void Do()
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

    public async Task<bool> ReportAsync(string? error = null)
    {
        var report = new HostReport(
            Work.Cursor,
            host.Name,
            NbCfg,
            [
                .. Work.Vms.Select(vm => new ObjectReport(vm.Id, vm.Digest, error, null, true)),
                .. Work
                    .Vms.SelectMany(vm => vm.Containers)
                    .Select(c => new ObjectReport(c.Id, error is null ? c.Digest : null, error, "10.0.0.1", false)),
            ],
            [
                .. _attached
                    .Union(_ports.Values.Select(p => p.Vm))
                    .Select(vm => new BridgeReport(
                        vm,
                        "br",
                        [.. _ports.Values.Where(p => p.Vm == vm).Select(p => p.Tag)],
                        _attached.Contains(vm)
                    )),
            ],
            LeavesPorts ? [] : [.. Work.Remove.Select(r => r.Id)],
            []
        );
        return await SendAsync(report);
    }

    public async Task<bool> SendAsync(HostReport report)
    {
        await using var db = nest.Open();
        var answer = await new ReportIntake(nest.Transactions, nest.Settlement).TakeAsync(db, host.Id, report, default);
        Assert.True(answer.TryGet(out var isNews, out var problem), problem?.Detail);
        return isNews;
    }

    public WorkPoll Poll(Signals? signals = null) =>
        new(
            nest,
            signals ?? new(),
            new HostPresence(nest, TimeProvider.System, NullLogger<HostPresence>.Instance),
            TimeProvider.System,
            new Alive()
        );

    private sealed class Alive : Microsoft.Extensions.Hosting.IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;

        public CancellationToken ApplicationStopping => default;

        public CancellationToken ApplicationStopped => default;

        public void StopApplication() { }
    }
}
