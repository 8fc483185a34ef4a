using OvnNestApi.Data;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>The hosts of a write.</summary>
internal sealed class HostWrite(ResourceWrite write, HostKind kind) : KindWrite<Host, HostSpec>(write, kind)
{
    protected override Host Create(WriteItem<Host, HostSpec> item) => new() { Name = item.Path.Name, Spec = item.Submission.Sent.SpecText };

    protected override Task ApplyAsync(CancellationToken cancellationToken)
    {
        foreach (var item in Changing)
        {
            var target = Target(item);
            target.Chassis = item.Spec.Chassis;
            target.IntegrationBridge = item.Spec.IntegrationBridge ?? "br-int";
        }

        return Task.CompletedTask;
    }

    public override async Task FollowAsync(CancellationToken cancellationToken)
    {
        Guid[] created = [.. Changing.Where(item => item.IsNew).Select(item => Target(item).Id)];
        Guid[] changed = [.. Changing.Where(item => !item.IsNew).Select(item => Target(item).Id)];
        if (created.Length > 0)
        {
            await Db.ExecuteAsync(
                """
                INSERT INTO host_status (host_id, applied_revision, unknown) SELECT id, 0, '{}' FROM unnest(@hosts) AS h (id)
                ON CONFLICT DO NOTHING
                """,
                cancellationToken,
                ("hosts", created)
            );
        }

        if (changed.Length > 0)
        {
            // The NB rows of the hosts' VMs contain the chassis, and the work of the hosts contains the bridge.
            await Db.ExecuteAsync(
                """
                UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE host_id = ANY(@hosts);
                UPDATE hosts SET work_revision = work_revision + 1 WHERE id = ANY(@hosts)
                """,
                cancellationToken,
                ("hosts", changed)
            );
            Db.TouchedHosts.UnionWith(changed);
        }
    }
}
