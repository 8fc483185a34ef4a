using OvnNestApi.Allocation;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>The resources of one kind in a write. The write runs each step for all kinds, in the lock order.</summary>
internal abstract class KindWrite(ResourceWrite write, ResourceKind kind)
{
    private readonly HashSet<string> _needed = [];

    public ResourceKind Kind => kind;

    protected ResourceWrite Write => write;

    protected NestDb Db => write.Db;

    /// <summary>Names of this kind that other resources of the write refer to.</summary>
    protected IReadOnlySet<string> Needed => _needed;

    /// <summary>A resource of the write refers to this name.</summary>
    public void Need(string name) => _needed.Add(name);

    /// <summary>Adds a resource to create or to replace.</summary>
    public abstract WriteItem Add(Submission submission);

    /// <summary>Step 1: calls <see cref="Need"/> of the kinds that the resources refer to.</summary>
    public abstract void Refer();

    /// <summary>Step 2: reads and locks the resources, and those that are needed, in the order of their ids.</summary>
    public abstract Task LockAsync(CancellationToken cancellationToken);

    /// <summary>Step 3, after step 2 of the same kind: checks preconditions and applies the rules.</summary>
    public abstract Task DecideAsync(CancellationToken cancellationToken);

    /// <summary>Step 4: returns the names that the resources need in OVN and on hosts.</summary>
    public abstract IEnumerable<(KindWrite Part, WriteItem Item, NameRequest Request)> RequestNames();

    /// <summary>Step 5: sets the names that a resource got, in the order of its claims.</summary>
    public abstract void SetNames(WriteItem item, IReadOnlyList<string> names);

    /// <summary>Step 6: stores the rows. Problems are recorded at the items.</summary>
    public abstract Task StoreAsync(CancellationToken cancellationToken);

    /// <summary>Step 7: updates what depends on the resources.</summary>
    public abstract Task FollowAsync(CancellationToken cancellationToken);

    /// <summary>Returns the resource of this name that is not being deleted, stored or created by this write.</summary>
    /// <param name="pointer">JSON pointer to the reference; null if the URL contains the name.</param>
    public abstract Answer<Resource> Find(string name, string? pointer);
}
