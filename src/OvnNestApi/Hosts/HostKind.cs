using Microsoft.EntityFrameworkCore;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>The kind "host": its views and operations.</summary>
internal sealed class HostKind : ResourceKind<Host, HostSpec, HostBody, HostView>
{
    public override string Name => "host";

    public override string Plural => "hosts";

    public override string TagDescription => "Machines that run VMs. An agent on each host configures its bridges and ports.";

    public override string Example => """{"name":"ubuntu2","spec":{}}""";

    public override KindReadiness Readiness => new HostReadiness();

    public override ReconciledKind? Reconciled => null;

    public override KindRemoval Removal =>
        new(
            "host",
            "hosts",
            """
            NOT EXISTS (SELECT FROM vms v WHERE v.host_id = x.id)
                AND NOT EXISTS (SELECT FROM placements p WHERE p.host_id = x.id)
                AND NOT EXISTS (SELECT FROM lease_holds o WHERE o.host_id = x.id)
                AND NOT EXISTS (SELECT FROM leftovers l WHERE l.host_id = x.id)
            """
        )
        {
            HasRows = false,
        };

    public override KindWrite Begin(ResourceWrite write) => new HostWrite(write, this);

    public override async Task<Problem?> CheckDeletionAsync(NestDb db, Resource resource, CancellationToken cancellationToken) =>
        await db.Placements.AnyAsync(placement => placement.HostId == resource.Id && !placement.Wanted, cancellationToken)
        || await db.LeaseHolds.AnyAsync(hold => hold.HostId == resource.Id && hold.AfterRevision != null, cancellationToken)
        || await db.Leftovers.AnyAsync(leftover => leftover.HostId == resource.Id, cancellationToken)
            ? Problem.InUse(
                $"The host {resource.Name} has not confirmed all removals yet. Try again later; "
                    + "a DELETE with ?cascade=true waits for them, and with ?force=true only if the host is alive."
            ) with
            {
                Retryable = true,
                RetryAfter = TimeSpan.FromSeconds(5),
            }
            : null;

    public override Task<bool> ForceAsync(Settlement settlement, NestDb db, Guid id, CancellationToken cancellationToken) =>
        settlement.ForceHostAsync(db, id, cancellationToken);

    protected override ViewQuery<HostView> Views(NestDb db, Liveness liveness)
    {
        var (hosts, reports) = (db.EntityTable<Host>(), db.EntityTable<HostStatus>());
        return new($"SELECT {hosts.Columns("r")}, {reports.Columns("s")} FROM hosts r LEFT JOIN host_status s ON s.host_id = r.id", row =>
        {
            var host = hosts.Read(row);
            return View(host, row.IsDBNull(hosts.Count) ? null : reports.Read(row, hosts.Count), liveness.Of(host));
        });
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
                Agent = new(report?.SeenAt, report?.SystemId, report?.NbCfg, report?.Unknown ?? [], report?.TunnelMtu, report?.Refusal),
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
/// Items on the host that carry the owner mark of this service but are not part of its work, with the id of the mark. The agent does not
/// remove them, until an admin sends <c>DELETE /v1/hosts/{host}/unknown/{id}</c>.
/// </param>
/// <param name="TunnelMtu">Largest MTU in bytes that OVN's tunnels of the host carry; absent if the agent cannot find it.</param>
/// <param name="Refusal">
/// Why an agent with the key of the host was refused last, since the last session was opened; absent if none was.
/// </param>
public sealed record HostAgent(
    DateTimeOffset? SeenAt,
    string? SystemId,
    long? NbCfg,
    IReadOnlyList<string> Unknown,
    int? TunnelMtu,
    string? Refusal
);
