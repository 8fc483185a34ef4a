using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// One write of one object: the part that is the same for every kind. What is a kind's own (its parents, its rules) is in the class derived
/// for it.
/// Runs within a transaction, possibly several times; all state is reset by each run.
/// </summary>
/// <param name="db">The request's context.</param>
/// <param name="kind">The kind's name.</param>
/// <param name="name">The object's name.</param>
internal abstract class ResourceWrite<T, TSpec>(NestDb db, string kind, string name)
    where T : Resource
    where TSpec : class, new()
{
    /// <summary>The written object, after a run without a problem.</summary>
    public T? Written { get; private set; }

    /// <summary>The run created the object.</summary>
    public bool IsNew { get; private set; }

    /// <summary>The run changed something.</summary>
    public bool HasChanged { get; private set; }

    protected NestDb Db => db;

    protected string Name => name;

    /// <summary>The transaction's time, by the database's clock.</summary>
    protected DateTimeOffset Now { get; private set; }

    /// <summary>The VM's name for what lives in a VM.</summary>
    protected virtual string? VmName => null;

    /// <summary>Creates the object, or makes it what was sent.</summary>
    /// <param name="createOnly">A POST: an existing object is a conflict.</param>
    public async Task<Problem?> PutAsync(
        SubmittedResource<TSpec> sent,
        Conditional condition,
        bool createOnly,
        CancellationToken cancellationToken
    )
    {
        (Written, IsNew, HasChanged) = (null, false, false);
        if (await LockParentsAsync(sent.Spec, cancellationToken) is { } parentProblem)
        {
            return parentProblem;
        }

        var incarnations = await LockIncarnations().ToListAsync(cancellationToken);
        var present = incarnations.Find(one => one.DeletingSince is null);
        if (createOnly && present is not null)
        {
            return Problem.AlreadyExists(kind, name);
        }

        // RFC 9110 §13.1.1: a request whose effect is there already succeeds, so that a repeat after a lost answer is safe.
        if (present is not null && IsStored(present, sent) && !condition.CreateOnly)
        {
            Written = present;
            return null;
        }

        if (condition.Check(present) is { } failed)
        {
            return failed;
        }

        if (present is not null && sent.Expected is { } seen && CheckSeen(seen, present) is { } stale)
        {
            return stale;
        }

        var stamp = await StampAsync(cancellationToken);
        Now = stamp.Now;
        return present is null
            ? await CreateAsync(sent, incarnations.FirstOrDefault(), stamp.DirtySeq, cancellationToken)
            : await UpdateAsync(present, sent, stamp.DirtySeq, cancellationToken);
    }

    /// <summary>
    /// Locks what the object refers to, in the order of all writers: router, network, host, VM. Before the object itself.
    /// </summary>
    protected abstract Task<Problem?> LockParentsAsync(TSpec spec, CancellationToken cancellationToken);

    /// <summary>Every incarnation of the name, the newest first, each row locked.</summary>
    protected abstract IQueryable<T> LockIncarnations();

    /// <summary>A new object with nothing but its identity and what was sent.</summary>
    protected abstract T Create(SubmittedResource<TSpec> sent);

    /// <summary>Makes the object's effective values what its spec says. It may not be stored yet.</summary>
    /// <param name="predecessor">The former incarnation that is being deleted, for a new object; null: none.</param>
    protected abstract Task<Problem?> ApplyAsync(T target, TSpec spec, T? predecessor, CancellationToken cancellationToken);

    /// <summary>What depends on the object follows. All is stored by now.</summary>
    protected abstract Task<Problem?> FollowAsync(T target, CancellationToken cancellationToken);

    private async Task<Problem?> CreateAsync(
        SubmittedResource<TSpec> sent,
        T? predecessor,
        long dirtySeq,
        CancellationToken cancellationToken
    )
    {
        var target = Create(sent);
        if (await ApplyAsync(target, sent.Spec, predecessor, cancellationToken) is { } problem)
        {
            return problem;
        }

        (target.Description, target.Labels, target.DirtySeq, target.Since) = (sent.Description, sent.Labels, dirtySeq, Now);
        (target.Reason, target.Message) = predecessor is null
            ? (Reason.NotProgrammed, "The rows of the resource are not in the northbound database yet.")
            : (Reason.Replacing, "The former incarnation is not confirmed gone yet.");

        Db.Add(target);
        (Written, IsNew, HasChanged) = (target, true, true);
        ChangeLog.Add(Db, kind, VmName, name, target.Id, "created", null, ResourceDocument.Of(target));
        await Db.SaveChangesAsync(cancellationToken);
        return await FollowAsync(target, cancellationToken);
    }

    private async Task<Problem?> UpdateAsync(T target, SubmittedResource<TSpec> sent, long dirtySeq, CancellationToken cancellationToken)
    {
        var before = ResourceDocument.Of(target);
        var isNewSpec = !SameJson(target.Spec, sent.SpecText);
        if (isNewSpec)
        {
            if (await ApplyAsync(target, sent.Spec, null, cancellationToken) is { } problem)
            {
                return problem;
            }

            target.Spec = sent.SpecText;
            target.Generation++;
            target.DirtySeq = dirtySeq;
            if (target.Reason == Reason.Ready)
            {
                // Who waits for this change must not take the former readiness for its own.
                (target.Reason, target.Message, target.Since) = (
                    Reason.NotProgrammed,
                    "The rows of the resource are not in the northbound database yet.",
                    Now
                );
            }
        }

        (target.Description, target.Labels, target.UpdatedAt) = (sent.Description, sent.Labels, Now);
        target.Revision++;
        (Written, HasChanged) = (target, true);
        ChangeLog.Add(Db, kind, VmName, name, target.Id, "updated", before, ResourceDocument.Of(target));
        await Db.SaveChangesAsync(cancellationToken);
        return isNewSpec ? await FollowAsync(target, cancellationToken) : null;
    }

    private static bool IsStored(T present, SubmittedResource<TSpec> sent) =>
        present.Description == sent.Description && SameLabels(present.Labels, sent.Labels) && SameJson(present.Spec, sent.SpecText);

    private static bool SameLabels(Dictionary<string, string>? a, Dictionary<string, string>? b) =>
        ReferenceEquals(a, b)
        || (
            a is not null
            && b is not null
            && a.Count == b.Count
            && a.All(label => b.TryGetValue(label.Key, out var value) && value == label.Value)
        );

    private static bool SameJson(string a, string b) => a == b || JsonElement.DeepEquals(JsonElement.Parse(a), JsonElement.Parse(b));

    private static Problem? CheckSeen(SeenVersion seen, T present) =>
        seen.Id is { } id && id != present.Id
            ? Problem.RevisionConflict("#/metadata/id", $"The present object of this name is {present.Id}.")
        : seen.Revision is { } revision && revision != present.Revision
            ? Problem.RevisionConflict("#/metadata/revision", $"The present revision is {present.Revision}.")
        : null;

    private async Task<(DateTimeOffset Now, long DirtySeq)> StampAsync(CancellationToken cancellationToken) =>
        (
            await Db.QueryAsync(
                "SELECT now(), nextval('dirty_seq')",
                row => (row.GetFieldValue<DateTimeOffset>(0), row.GetInt64(1)),
                cancellationToken
            )
        )[0];
}
