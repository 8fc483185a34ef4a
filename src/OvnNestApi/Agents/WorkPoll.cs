using System.Data;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Hosting;
using OvnNestApi.Contracts;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using OvnNestApi.Work;

namespace OvnNestApi.Agents;

/// <summary>Waits until the work of a host differs from what its agent has. Holds no database connection while it waits.</summary>
internal sealed class WorkPoll(
    IDbContextFactory<NestDb> databases,
    Signals signals,
    HostPresence presence,
    TimeProvider time,
    IHostApplicationLifetime lifetime
)
{
    /// <summary>Time between checks while wake-ups of other processes are not received.</summary>
    private static readonly TimeSpan PaceWithoutRelay = TimeSpan.FromSeconds(2);

    /// <summary>Time between checks otherwise, because a wake-up can be lost.</summary>
    private static readonly TimeSpan PaceWithRelay = TimeSpan.FromSeconds(20);

    /// <summary>Returns the work as soon as it differs from <paramref name="after"/>.</summary>
    /// <param name="isAgent">True if the poll is a sign of life of the host's agent; false if an admin reads.</param>
    /// <returns>The work; null if it did not change during <paramref name="wait"/>, or the host does not exist.</returns>
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

            var pace = signals.IsRelayed ? PaceWithRelay : PaceWithoutRelay;
            try
            {
                await Signal.WaitAsync(ticket, left < pace ? left : pace, time, stop.Token);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The process stops; the agent polls another one.
                return null;
            }
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
            .OrderBy(p => p.Kind)
            .ThenBy(p => p.Name)
            .Select(p => new Removal(p.ObjectId, p.Kind, p.Name, p.Interface, p.Namespace, p.Bridge))
            .ToListAsync(cancellationToken);

    private async Task<WorkCursor?> CursorAsync(Guid host, CancellationToken cancellationToken)
    {
        await using var db = await databases.CreateDbContextAsync(cancellationToken);
        return await db
            .Hosts.Where(h => h.Id == host)
            .Select(h => (WorkCursor?)new WorkCursor(db.Leader.Single().Installation, h.WorkRevision))
            .SingleOrDefaultAsync(cancellationToken);
    }
}
