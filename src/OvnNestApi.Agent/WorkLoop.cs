using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Keeps the host as the last work says: after new work, after every change of the host's OVS database or of our namespaces, and every other second.</summary>
internal sealed partial class WorkLoop(
    HostPass pass,
    LocalOvs ovs,
    StateFolder state,
    LatestValue<HostWork> latest,
    LatestValue<PendingReport> outgoing,
    WakeSignal wake,
    TimeProvider time,
    ILogger<WorkLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticker = time.CreateTimer(_ => wake.Now(), null, Tick, Tick);
        using var namespaces = Watch(NetworkReader.NamespaceFolder);
        using var leases = Watch(state.ClientsFolder);
        ovs.Changed += wake.Now;
        ovs.Start();

        // A device that cannot be made for now is not tried at every change that the try itself causes.
        var backoff = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
        HostWork? work = null;
        HostReport? last = null;
        while (true)
        {
            await wake.WaitAsync(stoppingToken);
            await Task.Delay(Linger, time, stoppingToken);
            if (latest.TryTake(out var newer))
            {
                work = newer;
            }

            if (work is null)
            {
                continue;
            }

            var isDone = false;
            try
            {
                var result = await pass.RunAsync(work, stoppingToken);
                isDone = result.IsDone;
                LogFaultOnce(result.Fault);
                // What cannot be seen is not reported as gone: the last true report stands, but nothing in it counts as in place.
                var report = result.Fault is { } fault
                    ? last is null
                        ? null
                        : Doubt(last, work, fault)
                    : result.Report;
                if (result.Fault is null)
                {
                    last = result.Report;
                }

                LogNewErrors(report);
                if (report is not null)
                {
                    outgoing.Put(new PendingReport(report, work.Remove.Count > 0));
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogPassFailed(e);
            }
            if (isDone)
            {
                backoff.Reset();
            }
            else
            {
                await PauseAsync(backoff.Next(), stoppingToken);
            }
        }
    }

    // New work ends the pause: it may be what was missing.
    private async Task PauseAsync(TimeSpan pause, CancellationToken ct)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct);
        await Task.WhenAny(Task.Delay(pause, time, either.Token), latest.WaitAsync(either.Token));
        await either.CancelAsync();
    }

    private static HostReport Doubt(HostReport last, HostWork work, string fault) =>
        last with
        {
            Objects =
            [
                .. work
                    .Vms.SelectMany(vm => vm.Containers.Select(container => container.Id).Prepend(vm.Id))
                    .Select(id => new ObjectReport(id, null, fault, null, false)),
            ],
        };

    // A hint that saves waiting for the next tick; the tick finds everything.
    private FileSystemWatcher? Watch(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            var watcher = new FileSystemWatcher(folder) { NotifyFilter = NotifyFilters.FileName };
            watcher.Created += (_, _) => wake.Now();
            watcher.Deleted += (_, _) => wake.Now();
            watcher.Renamed += (_, _) => wake.Now();
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (IOException e)
        {
            LogNoWatch(folder, e.Message);
            return null;
        }
    }

    private string? _fault;
    private readonly Dictionary<Guid, string> _errors = [];

    private void LogFaultOnce(string? fault)
    {
        if (fault is not null && fault != _fault)
        {
            LogFault(fault);
        }

        _fault = fault;
    }

    private void LogNewErrors(HostReport? report)
    {
        foreach (var item in report?.Objects ?? [])
        {
            if (item.Error is { } error && _errors.GetValueOrDefault(item.Id) != error)
            {
                LogObject(item.Id, error);
            }

            if (item.Error is null)
            {
                _errors.Remove(item.Id);
            }
            else
            {
                _errors[item.Id] = item.Error;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Object {Id}: {Error}")]
    private partial void LogObject(Guid id, string error);

    [LoggerMessage(LogLevel.Error, "{Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Error, "A pass failed")]
    private partial void LogPassFailed(Exception e);

    [LoggerMessage(LogLevel.Warning, "{Folder} cannot be watched ({Error}): its changes are seen every other second")]
    private partial void LogNoWatch(string folder, string error);
}
