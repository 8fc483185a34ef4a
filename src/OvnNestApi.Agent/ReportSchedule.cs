using System.Text.Json;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent;

/// <summary>Which reports are worth sending.</summary>
internal sealed class ReportSchedule(TimeProvider time)
{
    /// <summary>The number of OVN's configuration alone changes often and matters little, except soon after something else changed: then a tag may wait for it.</summary>
    private static readonly TimeSpan NumberEvery = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan NumberMatters = TimeSpan.FromMinutes(1);

    /// <summary>Told again without any news, in case the other side lost it.</summary>
    private static readonly TimeSpan Again = TimeSpan.FromMinutes(1);

    private HostReport? _sent;
    private string _substance = "";
    private long _sentAt;
    private long _changedAt;

    /// <summary>It tells something new that somebody may wait for, or the last one was long ago.</summary>
    public bool IsDue(PendingReport next)
    {
        if (_sent is null || Substance(next.Report) != _substance || time.GetElapsedTime(_sentAt) >= Again)
        {
            return true;
        }

        return next.Report.NbCfg != _sent.NbCfg
            && (next.HasRemovals || time.GetElapsedTime(_changedAt) < NumberMatters || time.GetElapsedTime(_sentAt) >= NumberEvery);
    }

    /// <summary>The control plane has it.</summary>
    public void Sent(HostReport report)
    {
        var substance = Substance(report);
        if (substance != _substance)
        {
            _changedAt = time.GetTimestamp();
        }

        (_sent, _substance, _sentAt) = (report, substance, time.GetTimestamp());
    }

    private static string Substance(HostReport report) => JsonSerializer.Serialize(report with { NbCfg = null }, ContractJson.Options);
}
