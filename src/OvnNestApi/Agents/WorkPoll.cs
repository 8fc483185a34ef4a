using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Agents;

/// <summary>Answers a host's poll when its work differs from what it has. Holds no database connection while it waits.</summary>
internal sealed class WorkPoll(
    IDbContextFactory<NestDb> databases,
    Signals signals,
    HostPresence presence,
    TimeProvider time,
    IHostApplicationLifetime lifetime
)
{
    /// <summary>How often to look without a wake-up, while other processes' wake-ups do not come through.</summary>
    private static readonly TimeSpan Alone = TimeSpan.FromSeconds(2);

    /// <summary>How often otherwise: notifications are hints.</summary>
    private static readonly TimeSpan Together = TimeSpan.FromSeconds(20);

    /// <param name="isAgent">The poll is a sign of life of the host's agent; an admin's is not.</param>
    /// <returns>The work; null: it is the same for as long as <paramref name="wait"/>, or the host is gone.</returns>
    public async Task<HostWork?> NextAsync(Guid host, WorkCursor? after, TimeSpan wait, bool isAgent, CancellationToken cancellationToken)
    {
        using var poll = isAgent ? presence.Poll(host) : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lifetime.ApplicationStopping);
        var start = time.GetTimestamp();
        while (true)
        {
            var ticket = signals.Work(host).Next;
            if (after is null || await CursorAsync(host, cancellationToken) != after)
            {
                return await ReadAsync(host, cancellationToken);
            }

            var left = wait - time.GetElapsedTime(start);
            if (left <= TimeSpan.Zero || lifetime.ApplicationStopping.IsCancellationRequested)
            {
                return null;
            }

            var pace = signals.IsRelayed ? Together : Alone;
            try
            {
                await Signal.WaitAsync(ticket, left < pace ? left : pace, time, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The process ends: the agent asks another one.
                return null;
            }
        }
    }

    /// <summary>All of it, as of one moment: a snapshot in which the revision and the objects belong together.</summary>
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

        var placements = db.Placements.Where(p => p.HostId == host);
        var vms = await DesiredWork.OfVmsAsync(
            db,
            db.Vms.Where(v => placements.Any(p => p.ObjectId == v.Id && p.Wanted)),
            cancellationToken
        );
        var containers = (
            await DesiredWork.OfContainersAsync(
                db,
                db.Containers.Where(c => placements.Any(p => p.ObjectId == c.Id && p.Wanted)),
                cancellationToken
            )
        ).ToLookup(c => c.Vm, c => c.Work);
        var removals = await placements
            .Where(p => !p.Wanted)
            .OrderBy(p => p.Kind)
            .ThenBy(p => p.Name)
            .Select(p => new Removal(p.ObjectId, p.Kind, p.Name, p.Interface, p.Namespace, p.Bridge))
            .ToListAsync(cancellationToken);
        return new(
            new WorkCursor(head.Installation, head.WorkRevision).ToString(),
            head.Installation,
            head.Name,
            head.IntegrationBridge,
            vms.ConvertAll(vm => vm with { Containers = [.. containers[vm.Id]] }),
            removals
        );
    }

    private async Task<WorkCursor?> CursorAsync(Guid host, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db
            .Hosts.Where(h => h.Id == host)
            .Select(h => (WorkCursor?)new WorkCursor(db.Leader.Single().Installation, h.WorkRevision))
            .SingleOrDefaultAsync(cancellationToken);
    }
}
