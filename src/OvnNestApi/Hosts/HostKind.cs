using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>The kind "host": its views and operations.</summary>
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
            .Select(host => new { Host = host, Report = db.HostStatus.FirstOrDefault(status => status.HostId == host.Id) })
            .ToListAsync(cancellationToken);
        return rows.ConvertAll(row => View(row.Host, row.Report, liveness.Of(row.Host)));
    }

    private static HostView View(Host host, HostStatus? report, Condition condition) =>
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
                Effective = new(host.Chassis ?? report?.SystemId, host.IntegrationBridge),
                Agent = new(report?.SeenAt, report?.SystemId, report?.NbCfg, report?.Unknown ?? []),
            },
        };
}

/// <summary>A host in a response.</summary>
public sealed record HostView : ResourceView<HostSpec, HostCondition>;

/// <summary>Observed state of a host.</summary>
public sealed record HostCondition : ResourceStatus
{
    /// <summary>Effective values, after defaults.</summary>
    public required HostEffective Effective { get; init; }

    /// <summary>Last report of the agent.</summary>
    public required HostAgent Agent { get; init; }
}

/// <summary>Effective values of a host.</summary>
/// <param name="Chassis">Name of the OVN chassis, requested or reported; absent if neither.</param>
/// <param name="IntegrationBridge">Name of the OVN integration bridge.</param>
public sealed record HostEffective(string? Chassis, string IntegrationBridge);

/// <summary>State of a host as its agent has reported it.</summary>
/// <param name="SeenAt">Time of the last contact, a poll or a report; absent if there was none.</param>
/// <param name="SystemId"><c>system-id</c> of the host's Open vSwitch; absent if not reported yet.</param>
/// <param name="NbCfg">Value of <c>NB_Global.nb_cfg</c> whose flows the host has installed; absent if not reported yet.</param>
/// <param name="Unknown">
/// Items on the host that carry the owner mark of this service but are not part of its work. The agent does not remove them.
/// </param>
public sealed record HostAgent(DateTimeOffset? SeenAt, string? SystemId, long? NbCfg, IReadOnlyList<string> Unknown);
