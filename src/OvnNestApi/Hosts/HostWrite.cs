using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Hosts;

/// <summary>Creates or changes a host.</summary>
internal sealed class HostWrite(NestDb db, string name) : ResourceWrite<Host, HostSpec>(db, "host", name)
{
    protected override Task<Problem?> LockParentsAsync(HostSpec spec, CancellationToken cancellationToken) =>
        Task.FromResult<Problem?>(null);

    protected override IQueryable<Host> LockIncarnations() =>
        Db.Hosts.FromSql($"SELECT * FROM hosts WHERE name = {Name} ORDER BY created_at DESC FOR UPDATE");

    protected override Host Create(SubmittedResource<HostSpec> sent) =>
        new()
        {
            Name = Name,
            Spec = sent.SpecText,
            CreatedAt = Now,
            UpdatedAt = Now,
        };

    protected override Task<Problem?> ApplyAsync(Host target, HostSpec spec, Host? predecessor, CancellationToken cancellationToken)
    {
        target.Chassis = spec.Chassis;
        target.IntegrationBridge = spec.IntegrationBridge ?? "br-int";
        return Task.FromResult<Problem?>(null);
    }

    protected override async Task<Problem?> FollowAsync(Host target, CancellationToken cancellationToken)
    {
        if (IsNew)
        {
            await Db.Database.ExecuteSqlAsync(
                $"INSERT INTO host_status (host_id, applied_revision, unknown) VALUES ({target.Id}, 0, '{{}}') ON CONFLICT DO NOTHING",
                cancellationToken
            );
            return null;
        }

        // The NB rows of the host's VMs contain the chassis, and the work of the host contains the bridge.
        await Db.Database.ExecuteSqlAsync(
            $"""
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE host_id = {target.Id};
            UPDATE hosts SET work_revision = work_revision + 1 WHERE id = {target.Id}
            """,
            cancellationToken
        );
        Db.TouchedHosts.Add(target.Id);
        return null;
    }
}
