using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// One write of one resource: the steps that all kinds have in common. A derived class adds the parents and rules of its kind.
/// </summary>
/// <remarks>Runs in a transaction, possibly several times. Each run sets the properties again.</remarks>
/// <param name="kind">Name of the kind.</param>
/// <param name="name">Name of the resource.</param>
internal abstract class ResourceWrite<T, TSpec>(NestDb db, string kind, string name)
    where T : Resource
    where TSpec : class, new()
{
    private const string NotProgrammed = "The rows of the resource are not in the northbound database yet.";

    /// <summary>The stored resource, after a run without a problem.</summary>
    public T? Written { get; private set; }

    /// <summary>True if the run has created the resource.</summary>
    public bool IsNew { get; private set; }

    /// <summary>True if the run has changed something.</summary>
    public bool HasChanged { get; private set; }

    protected NestDb Db => db;

    protected string Name => name;

    /// <summary>Start time of the transaction, by the database's clock.</summary>
    protected DateTimeOffset Now { get; private set; }

    /// <summary>Name of the VM, for a container; null for other kinds.</summary>
    protected virtual string? VmName => null;

    /// <summary>The kind in texts, see <see cref="ResourceKind{T,TSpec,TBody,TView}.Noun"/>.</summary>
    protected virtual string Noun => kind;

    /// <summary>Creates the resource, or replaces its writable fields.</summary>
    /// <param name="createOnly">True for a POST: an existing resource is a conflict.</param>
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
            return Problem.AlreadyExists(Noun, name);
        }

        // A request without effect succeeds even if its If-Match is old (RFC 9110 §13.1.1): a client can repeat it after a lost response.
        if (present is not null && IsStored(present, sent) && !condition.CreateOnly)
        {
            Written = present;
            return null;
        }

        if ((condition.Check(present) ?? CheckVersion(present, sent.Expected)) is { } failed)
        {
            return failed;
        }

        (Now, var dirtySeq) = await StampAsync(cancellationToken);
        return present is null
            ? await CreateAsync(sent, incarnations.FirstOrDefault(), dirtySeq, cancellationToken)
            : await UpdateAsync(present, sent, dirtySeq, cancellationToken);
    }

    /// <summary>Step 1: locks the resources that the spec refers to, in the lock order: router, network, host, VM.</summary>
    protected abstract Task<Problem?> LockParentsAsync(TSpec spec, CancellationToken cancellationToken);

    /// <summary>Step 2: selects and locks all incarnations of the name, the newest first.</summary>
    protected abstract IQueryable<T> LockIncarnations();

    /// <summary>Step 3, for a new resource: returns it with its identity and the spec as sent.</summary>
    protected abstract T Create(SubmittedResource<TSpec> sent);

    /// <summary>Step 4: applies the rules and sets the effective values. The resource may not be stored yet.</summary>
    /// <param name="predecessor">For a new resource: the previous incarnation, which is still being deleted; null if there is none.</param>
    protected abstract Task<Problem?> ApplyAsync(T target, TSpec spec, T? predecessor, CancellationToken cancellationToken);

    /// <summary>Step 5: updates what depends on the resource, which is stored by now.</summary>
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
            ? (Reason.NotProgrammed, NotProgrammed)
            : (Reason.Replacing, "The removal of the former incarnation is not confirmed yet.");

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
                // A client that waits for this change must not see the readiness of the previous spec.
                (target.Reason, target.Message, target.Since) = (Reason.NotProgrammed, NotProgrammed, Now);
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

    private static Problem? CheckVersion(T? present, SeenVersion? expected) =>
        (present, expected) switch
        {
            (null, _) or (_, null) => null,
            (_, { Id: { } id }) when id != present.Id => Problem.RevisionConflict(
                "#/metadata/id",
                $"The id of the current incarnation is {present.Id}. Read the resource again and repeat the change."
            ),
            (_, { Revision: { } revision }) when revision != present.Revision => Problem.RevisionConflict(
                "#/metadata/revision",
                $"The current revision is {present.Revision}. Read the resource again and repeat the change."
            ),
            _ => null,
        };

    private async Task<(DateTimeOffset Now, long DirtySeq)> StampAsync(CancellationToken cancellationToken) =>
        (
            await Db.QueryAsync(
                "SELECT now(), nextval('dirty_seq')",
                row => (row.GetFieldValue<DateTimeOffset>(0), row.GetInt64(1)),
                cancellationToken
            )
        )[0];
}
