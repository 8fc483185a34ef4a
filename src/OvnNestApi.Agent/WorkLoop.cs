using System.ComponentModel;
using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>
/// Keeps the host as the latest work describes it. A pass runs after new work; after a change of the Open_vSwitch database, of devices,
/// addresses and routes, of namespaces and their resolv.conf, or of DHCP leases; within 2 s after the end of a DHCP client; every 2 s while
/// something is not in place or a notification is missing; and at least every 10 s.
/// </summary>
internal sealed partial class WorkLoop(
    HostPass pass,
    LocalOvs ovs,
    AgentSession session,
    DhcpClients clients,
    StateFolder folder,
    LatestValue<HostWork> latestWork,
    LatestValue<PendingReport> reports,
    WakeSignal wake,
    TimeProvider time,
    ILogger<WorkLoop> logger
) : BackgroundService
{
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Linger = TimeSpan.FromMilliseconds(20); // collects a burst of signals into one pass

    // Limits the number of passes on a host whose network often changes.
    private static readonly TimeSpan NetworkPause = TimeSpan.FromMilliseconds(500);

    private readonly PassSchedule _schedule = new(time);
    private readonly Dictionary<Guid, string> _loggedErrors = [];
    private volatile bool _isNotified = true; // false if some kind of change is not notified
    private string? _loggedFault;
    private HostReport? _lastReport; // the last one without a fault

    protected override async Task ExecuteAsync(CancellationToken cancellationToken)
    {
        using var ticker = time.CreateTimer(_ => WakeIfDue(), null, Tick, Tick);
        using var namespaces = Watch(NetworkReader.NamespaceFolder);
        using var configurations = Watch(NetworkReader.ConfigurationFolder);
        using var leases = Watch(folder.ClientsFolder);
        _ = WatchNetworkAsync(cancellationToken);
        ovs.Changed += wake.Set;
        ovs.Start();

        // Every attempt causes change signals. The backoff keeps them from starting the next attempt at once.
        var backoff = new PassBackoff(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(15));
        HostWork? work = null;
        while (true)
        {
            await wake.WaitAsync(cancellationToken);
            await Task.Delay(Linger, time, cancellationToken);
            if (latestWork.TryTake(out var newer))
            {
                work = newer;
            }

            if (work is null || !session.Permits(ovs.SystemId))
            {
                continue;
            }

            if (await RunPassAsync(work, cancellationToken))
            {
                backoff.Reset();
            }
            else
            {
                await PauseAsync(backoff.Next(), cancellationToken);
            }
        }
    }

    private void WakeIfDue()
    {
        if (_schedule.IsDue || clients.HasEnded())
        {
            wake.Set();
        }
    }

    /// <summary>Returns true if nothing is left to change.</summary>
    private async Task<bool> RunPassAsync(HostWork work, CancellationToken cancellationToken)
    {
        try
        {
            var result = await pass.RunAsync(work, cancellationToken);
            _schedule.MarkPassed(_isNotified && result.IsSettled(work));
            LogNewFault(result.Fault);
            if (result.Fault is null)
            {
                _lastReport = result.Report;
            }

            // An unreadable host must not be reported as empty. Instead, the last reliable report is repeated with nothing in place.
            var report = result.Fault is { } fault ? WithoutDigests(_lastReport, work, fault) : result.Report;
            LogNewErrors(report);
            if (report is not null)
            {
                reports.Put(new PendingReport(report, work.Remove.Count > 0));
            }

            return result.IsDone;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            _schedule.MarkPassed(isSettled: false);
            LogPassFailed(e);
            return false;
        }
    }

    // New work ends the pause, because it may remove the cause of the failure.
    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        await Task.WhenAny(Task.Delay(pause, time, either.Token), latestWork.WaitAsync(either.Token));
        await either.CancelAsync();
    }

    private static HostReport? WithoutDigests(HostReport? report, HostWork work, string error) =>
        report is null
            ? null
            : report with
            {
                Objects =
                [
                    .. work
                        .Vms.SelectMany(vm => vm.Containers.Select(container => container.Id).Prepend(vm.Id))
                        .Select(id => new ObjectReport(id, null, error, null, false)),
                ],
            };

    private FileSystemWatcher? Watch(string path)
    {
        try
        {
            Directory.CreateDirectory(path);
            var watcher = new FileSystemWatcher(path) { IncludeSubdirectories = true };
            watcher.Created += (_, _) => wake.Set();
            watcher.Changed += (_, _) => wake.Set();
            watcher.Deleted += (_, _) => wake.Set();
            watcher.Renamed += (_, _) => wake.Set();
            watcher.Error += (_, e) => OnWatchError(path, e.GetException());
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (IOException e)
        {
            OnNotWatched(path, e.Message);
            return null;
        }
    }

    private void OnWatchError(string path, Exception e)
    {
        if (e is InternalBufferOverflowException) // single changes were lost, but the next pass finds them
        {
            wake.Set();
        }
        else
        {
            OnNotWatched(path, e.Message);
        }
    }

    private async Task WatchNetworkAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var network = new NetworkWatcher();
            while (true)
            {
                await network.WaitAsync(cancellationToken);
                wake.Set();
                await Task.Delay(NetworkPause, time, cancellationToken);
            }
        }
        catch (Win32Exception e)
        {
            OnNotWatched("The network of the host", e.Message);
        }
    }

    private void OnNotWatched(string what, string error)
    {
        _isNotified = false;
        LogNotWatched(what, error);
        wake.Set();
    }

    private void LogNewFault(string? fault)
    {
        if (fault is not null && fault != _loggedFault)
        {
            LogFault(fault);
        }

        _loggedFault = fault;
    }

    private void LogNewErrors(HostReport? report)
    {
        foreach (var item in report?.Objects ?? [])
        {
            if (item.Error is not { } error)
            {
                _loggedErrors.Remove(item.Id);
            }
            else if (_loggedErrors.GetValueOrDefault(item.Id) != error)
            {
                LogError(item.Id, error);
                _loggedErrors[item.Id] = error;
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "Resource {Id}: {Error}")]
    private partial void LogError(Guid id, string error);

    [LoggerMessage(LogLevel.Error, "{Fault}")]
    private partial void LogFault(string fault);

    [LoggerMessage(LogLevel.Error, "A pass failed")]
    private partial void LogPassFailed(Exception e);

    [LoggerMessage(LogLevel.Warning, "{What} cannot be watched ({Error}); changes are found within 2 s")]
    private partial void LogNotWatched(string what, string error);
}
