using System.Text.Json;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>A report that may be sent.</summary>
/// <param name="IsRemoving">Somebody waits for something to be gone from this host.</param>
internal sealed record Outgoing(HostReport Report, bool IsRemoving);

/// <summary>Sends what the passes found, when there is something new to tell. Beside the passes: a control plane that is slow or away holds up no repair.</summary>
internal sealed partial class Reporting(ControlPlane control, StateFolder state, Latest<Outgoing> outgoing, TimeProvider time, ILogger<Reporting> logger) : BackgroundService
{
    /// <summary>The number of OVN's configuration alone changes often and matters little, except soon after something else changed: then a tag may wait for it.</summary>
    private static readonly TimeSpan NumberEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NumberMatters = TimeSpan.FromMinutes(1);

    /// <summary>Told again without any news, in case the other side lost it.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private HostReport? _sent;
    private string _sentSubstance = "";
    private long _sentAt;
    private long _changedAt;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10));
        string? trouble = null;
        while (true)
        {
            await outgoing.WaitAsync(stoppingToken);
            // The next pass brings the next one, at the latest with the next tick.
            if (!outgoing.TryTake(out var next) || next is null || state.Host is not { } host || !IsDue(next))
                continue;
            try
            {
                await control.ReportAsync(host, next.Report, stoppingToken);
                Remember(next.Report);
                backoff.Reset();
                trouble = null;
            }
            catch (ControlPlaneException e)
            {
                if (trouble != e.Message)
                    LogNotSent(e.Message);
                trouble = e.Message;
                await Task.Delay(backoff.Next(), time, stoppingToken);
            }
        }
    }

    private bool IsDue(Outgoing next)
    {
        if (_sent is null || Substance(next.Report) != _sentSubstance || time.GetElapsedTime(_sentAt) >= Again)
            return true;
        return next.Report.NbCfg != _sent.NbCfg
            && (next.IsRemoving || time.GetElapsedTime(_changedAt) < NumberMatters || time.GetElapsedTime(_sentAt) >= NumberEvery);
    }

    private void Remember(HostReport report)
    {
        var substance = Substance(report);
        if (substance != _sentSubstance)
            _changedAt = time.GetTimestamp();
        (_sent, _sentSubstance, _sentAt) = (report, substance, time.GetTimestamp());
    }

    private static string Substance(HostReport report) => JsonSerializer.Serialize(report with { NbCfg = null }, ContractJson.Options);

    [LoggerMessage(LogLevel.Warning, "A report was not sent: {Reason}")]
    private partial void LogNotSent(string reason);
}
