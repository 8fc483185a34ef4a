using System.Data;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Agents;

/// <summary>Waits until the work of a host differs from what its agent has. Holds no database connection while it waits.</summary>
internal sealed class WorkPoll(IDbContextFactory<NestDb> databases, Signals signals, HostPresence presence, StateWait waiting)
{
    /// <summary>Returns the work as soon as it differs from <paramref name="after"/>.</summary>
    /// <param name="reader">The agent of the host, whose poll is a sign of life; or an admin.</param>
    /// <returns>
    /// The work; null if it did not change during <paramref name="wait"/>, or the host does not exist. 409 <c>session-superseded</c> if
    /// another agent has taken over the host.
    /// </returns>
    public async Task<Answer<HostWork?>> NextAsync(
        Guid host,
        WorkCursor? after,
        TimeSpan wait,
        WorkReader reader,
        CancellationToken cancellationToken
    )
    {
        Answer<WorkCursor?> head = (WorkCursor?)null;
        IDisposable? poll = null;
        try
        {
            await waiting.UntilAsync(
                signals.Work(host),
                async token =>
                {
                    head = await HeadAsync(host, reader, token);
                    if (!head.TryGet(out var next, out _))
                    {
                        return true;
                    }

                    poll ??= reader.IsAgent ? presence.Poll(host) : null;
                    return next != after;
                },
                wait,
                cancellationToken
            );
            if (!head.TryGet(out var present, out var refused))
            {
                return refused;
            }

            return present is null || present == after ? null : await ReadAsync(host, cancellationToken);
        }
        finally
        {
            poll?.Dispose();
        }
    }

    /// <summary>Reads all work of the host in one snapshot, so that revision and resources match.</summary>
    /// <returns>The work; null if the host does not exist.</returns>
    public async Task<HostWork?> ReadAsync(Guid host, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        await using var snapshot = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        var head = await db
            .Hosts.Where(h => h.Id == host)
            .Select(h => new
            {
                h.Name,
                h.IntegrationBridge,
                h.WorkRevision,
                db.Leader.Single().Installation,
            })
            .SingleOrDefaultAsync(cancellationToken);
        if (head is null)
        {
            return null;
        }

        return new(
            new WorkCursor(head.Installation, head.WorkRevision).ToString(),
            head.Installation,
            head.Name,
            head.IntegrationBridge,
            await VmsAsync(db, host, cancellationToken),
            await RemovalsAsync(db, host, cancellationToken)
        );
    }

    private static async Task<List<VmWork>> VmsAsync(NestDb db, Guid host, CancellationToken cancellationToken)
    {
        var vms = await DesiredWork.OfVmsAsync(db, host, cancellationToken);
        var containers = (await DesiredWork.OfContainersAsync(db, host, cancellationToken)).ToLookup(c => c.Vm, c => c.Work);
        return vms.ConvertAll(vm => vm with { Containers = [.. containers[vm.Id]] });
    }

    private static Task<List<Removal>> RemovalsAsync(NestDb db, Guid host, CancellationToken cancellationToken) =>
        db
            .Placements.Where(p => p.HostId == host && !p.Wanted)
            .Select(p => new
            {
                p.ObjectId,
                p.Kind,
                p.Name,
                p.Interface,
                p.Namespace,
                p.Bridge,
            })
            .Concat(
                db.Leftovers.Where(l => l.HostId == host)
                    .Select(l => new
                    {
                        l.ObjectId,
                        l.Kind,
                        l.Name,
                        l.Interface,
                        l.Namespace,
                        l.Bridge,
                    })
            )
            .OrderBy(r => r.Kind)
            .ThenBy(r => r.Name)
            .Select(r => new Removal(r.ObjectId, r.Kind, r.Name, r.Interface, r.Namespace, r.Bridge))
            .ToListAsync(cancellationToken);

    /// <summary>Returns the cursor of the work; null if the host does not exist. The problem if the agent's session has ended.</summary>
    private async Task<Answer<WorkCursor?>> HeadAsync(Guid host, WorkReader reader, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        var head = await (
            from h in db.Hosts
            from s in db.HostStatus.Where(s => s.HostId == h.Id).DefaultIfEmpty()
            where h.Id == host
            select new
            {
                h.Name,
                db.Leader.Single().Installation,
                h.WorkRevision,
                Status = s,
            }
        )
            .AsNoTracking()
            .SingleOrDefaultAsync(cancellationToken);
        if (head is null)
        {
            return (WorkCursor?)null;
        }

        if (reader.IsAgent && SessionToken.Check(reader.Session, head.Status, head.Name) is { } refused)
        {
            return refused;
        }

        if (reader.Session is { } session && SessionToken.IsLost(session, head.Status))
        {
            await AgentSessions.RestoreAsync(db, host, session, cancellationToken);
        }

        return new WorkCursor(head.Installation, head.WorkRevision);
    }
}

/// <summary>Reader of a host's work.</summary>
/// <param name="IsAgent">True for the agent of the host; false for an admin.</param>
/// <param name="Session">Session of the agent; null if it has none.</param>
internal readonly record struct WorkReader(bool IsAgent, SessionToken? Session);
