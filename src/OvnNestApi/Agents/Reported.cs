using OvnNestApi.Contracts;

namespace OvnNestApi.Agents;

/// <summary>A report as SQL parameters. Texts and lists are cut to maximum lengths.</summary>
internal sealed class Reported
{
    private const int MaxErrorLength = 1000;
    private const int MaxUnknown = 100;

    /// <param name="applied">
    /// Revision of the work that the host has applied; -1 if that work is not from this installation, so the report confirms nothing.
    /// </param>
    public Reported(Guid host, HostReport report, long applied)
    {
        var objects = (report.Objects ?? []).DistinctBy(o => o.Id).ToList();
        var bridges = report.Bridges ?? [];
        var tags = bridges.SelectMany(b => (b.Tags ?? []).Select(tag => (b.Vm, Tag: tag))).ToList();
        (Applied, SystemId, NbCfg, TunnelMtu) = (applied, Cut(report.SystemId, 255), report.NbCfg, report.TunnelMtu);
        Unknown = [.. (report.Unknown ?? []).Take(MaxUnknown).Select(u => $"{Cut(u.What, 160)} ({u.Id})").Order(StringComparer.Ordinal)];
        Parameters =
        [
            ("host", host),
            ("applied", applied),
            ("nbcfg", NbCfg),
            ("removed", (report.Removed ?? []).Distinct().ToArray()),
            ("ids", objects.Select(o => o.Id).ToArray()),
            ("digests", objects.Select(o => Cut(o.Digest, 128)).ToArray()),
            ("errors", objects.Select(o => Cut(o.Error, MaxErrorLength)).ToArray()),
            ("addresses", objects.Select(o => Cut(o.Address, 64)).ToArray()),
            ("installed", objects.Select(o => o.OvnInstalled).ToArray()),
            ("attached", bridges.Where(b => b.Attached).Select(b => b.Vm).Distinct().ToArray()),
            ("tagvms", tags.Select(t => t.Vm).ToArray()),
            ("tags", tags.Select(t => t.Tag).ToArray()),
        ];
    }

    public long Applied { get; }

    public string? SystemId { get; }

    public long? NbCfg { get; }

    public int? TunnelMtu { get; }

    public string[] Unknown { get; }

    /// <summary>Parameters that every statement about a report needs.</summary>
    public (string Name, object? Value)[] Parameters { get; }

    /// <summary>PostgreSQL text cannot contain NUL, so a space replaces it.</summary>
    private static string? Cut(string? text, int length)
    {
        var clean = text?.Replace('\0', ' ');
        return clean?.Length > length ? clean[..length] : clean;
    }
}
