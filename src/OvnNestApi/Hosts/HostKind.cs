using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>Hosts as the API has them.</summary>
internal sealed class HostKind : ResourceKind<Host, HostSpec, HostBody, HostView>
{
    public override string Name => "host";

    public override string Plural => "hosts";

    public override string Example => """{"name":"ubuntu2","spec":{}}""";

    public override ResourceWrite<Host, HostSpec> Write(NestDb db, ResourcePath path) => new HostWrite(db, path.Name);

    public override Task<Problem?> DeleteAsync(Deletion deletion, ResourcePath path, CancellationToken cancellationToken) =>
        deletion.OfHostAsync(path.Name, cancellationToken);

    public override async Task<List<HostView>> ViewAsync(
        NestDb db,
        Liveness liveness,
        IQueryable<Host> which,
        CancellationToken cancellationToken
    )
    {
        var rows = await which
            .AsNoTracking()
            .Select(host => new { Host = host, Told = db.HostStatus.FirstOrDefault(told => told.HostId == host.Id) })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(row.Host, row.Told, liveness.Of(row.Host)));
    }

    private static HostView View(Host host, HostStatus? told, Condition condition) =>
        new()
        {
            Name = host.Name,
            Description = host.Description,
            Labels = host.Labels,
            Spec = new(host.Spec),
            Metadata = Metadata.Of(host, "host"),
            Status = new()
            {
                Ready = condition.IsReady,
                Reason = condition.Reason,
                Message = condition.Message,
                Since = condition.Since,
                ObservedAt = condition.ObservedAt,
                Effective = new(host.Chassis ?? told?.SystemId, host.IntegrationBridge),
                Agent = new(told?.SeenAt, told?.SystemId, told?.NbCfg, told?.Unknown ?? []),
            },
        };
}

/// <summary>A host.</summary>
public sealed record HostView : ResourceView<HostSpec, HostCondition>;

/// <summary>What is of a host.</summary>
public sealed record HostCondition : ResourceStatus
{
    /// <summary>The values in effect.</summary>
    public required HostEffective Effective { get; init; }

    /// <summary>What its agent has told.</summary>
    public required HostAgent Agent { get; init; }
}

/// <summary>A host's values in effect.</summary>
/// <param name="Chassis">OVN's name of the chassis; absent: neither asked for nor reported yet.</param>
/// <param name="IntegrationBridge">OVN's bridge.</param>
public sealed record HostEffective(string? Chassis, string IntegrationBridge);

/// <summary>What a host's agent has told.</summary>
/// <param name="SeenAt">When it was last heard of; absent: never.</param>
/// <param name="SystemId">The host's system-id; absent: not told.</param>
/// <param name="NbCfg">The northbound configuration number that the host's flows have reached; absent: not told.</param>
/// <param name="Unknown">What bears our mark there and nobody asked for: kept, and told.</param>
public sealed record HostAgent(DateTimeOffset? SeenAt, string? SystemId, long? NbCfg, IReadOnlyList<string> Unknown);
