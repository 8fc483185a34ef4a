using System.Text.Json;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Decides which reports are sent, and when.</summary>
internal sealed class ReportSchedule(TimeProvider time)
{
    // nb_cfg alone changes often and rarely matters, so it is sent at most this often …
    private static readonly TimeSpan NbCfgInterval = TimeSpan.FromSeconds(10);

    // … except for this time after any other change, because a draining tag may wait for it.
    private static readonly TimeSpan NbCfgUrgentTime = TimeSpan.FromMinutes(1);

    // An unchanged report is repeated in case the API has lost it.
    private static readonly TimeSpan RepeatInterval = TimeSpan.FromMinutes(1);

    private HostReport? _sent;
    private string _sentContent = "";
    private long _sentAt;
    private long _changedAt;

    /// <summary>
    /// Returns the time until the report is to be sent; zero or less for at once. It is at once if the report has news that the API may
    /// wait for.
    /// </summary>
    public TimeSpan TimeUntilDue(PendingReport next)
    {
        if (_sent is null || ContentOf(next.Report) != _sentContent)
        {
            return TimeSpan.Zero;
        }

        var rest = RepeatInterval;
        if (next.Report.NbCfg != _sent.NbCfg)
        {
            rest = next.HasRemovals || time.GetElapsedTime(_changedAt) < NbCfgUrgentTime ? TimeSpan.Zero : NbCfgInterval;
        }

        return rest - time.GetElapsedTime(_sentAt);
    }

    /// <summary>Records that the API has accepted the report.</summary>
    /// <param name="sentAt">Timestamp of the moment before it was sent.</param>
    public void MarkSent(HostReport report, long sentAt)
    {
        var content = ContentOf(report);
        if (content != _sentContent)
        {
            _changedAt = sentAt;
        }

        (_sent, _sentContent, _sentAt) = (report, content, sentAt);
    }

    private static string ContentOf(HostReport report) => JsonSerializer.Serialize(report with { NbCfg = null }, ContractJson.Options);
}
