using OvnNestApi.Allocation;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <inheritdoc/>
internal abstract class KindWrite<T, TSpec>(ResourceWrite write, ResourceKind kind) : KindWrite(write, kind)
    where T : Resource
    where TSpec : class, new()
{
    private const string NotProgrammed = "The rows of the resource are not in the northbound database yet.";

    private readonly List<WriteItem<T, TSpec>> _items = [];

    // All incarnations of a name, the newest first.
    private readonly Dictionary<ResourcePath, List<T>> _incarnations = [];
    private readonly Dictionary<ResourcePath, T> _created = [];
    private readonly Dictionary<Guid, T> _rows = [];

    protected IReadOnlyList<WriteItem<T, TSpec>> Items => _items;

    /// <summary>Resources that are new or get another spec, without a problem so far.</summary>
    protected IEnumerable<WriteItem<T, TSpec>> Changing => _items.Where(item => item.HasNewSpec && item.Problem is null);

    /// <summary>The rows that are locked.</summary>
    protected IEnumerable<T> Locked => _incarnations.Values.SelectMany(incarnations => incarnations);

    /// <summary>Lock of the rows that are only referred to.</summary>
    protected virtual string ReferenceLock => "KEY SHARE";

    public override WriteItem Add(Submission submission)
    {
        var item = new WriteItem<T, TSpec>(Kind, (Submission<TSpec>)submission);
        _items.Add(item);
        return item;
    }

    public override void Refer()
    {
        foreach (var reference in _items.SelectMany(References))
        {
            Write.Part(reference.Kind).Need(reference.Name);
        }
    }

    public override async Task LockAsync(CancellationToken cancellationToken)
    {
        var names = _items.Select(item => item.Path.Name).Concat(Needed).Distinct().ToArray();
        var also = AlsoLocked();
        if (names.Length == 0 && also is null)
        {
            return;
        }

        // One lock for all rows, so that two writes of the same rows take them in the same order.
        var strength = _items.Count > 0 || also is { ForWrite: true } ? Kind.WriteLock : ReferenceLock;
        Keep(await Db.LockAsync<T>(names, strength, also, cancellationToken));
    }

    public override async Task DecideAsync(CancellationToken cancellationToken)
    {
        foreach (var item in _items)
        {
            if (Check(item) is { } problem)
            {
                item.Fail(problem);
            }
        }

        await ApplyAsync(cancellationToken);
    }

    public override IEnumerable<(KindWrite Part, WriteItem Item, NameRequest Request)> RequestNames() =>
        Changing
            .Select(item => (Item: item, Claims: Claims(item)))
            .Where(one => one.Claims.Count > 0 || !one.Item.IsNew)
            .Select(one =>
                (
                    (KindWrite)this,
                    (WriteItem)one.Item,
                    new NameRequest(Target(one.Item).Id, one.Item.Predecessor?.Id, one.Claims, !one.Item.IsNew)
                )
            );

    public override void SetNames(WriteItem item, IReadOnlyList<string> names) => SetNames((WriteItem<T, TSpec>)item, names);

    public override async Task StoreAsync(CancellationToken cancellationToken)
    {
        await Write.Rows.FlushAsync(cancellationToken);
        await AllocateAsync(cancellationToken);
        var changed = _items.FindAll(item => item.HasChanged && item.Problem is null);
        foreach (var item in changed)
        {
            Stamp(item, Target(item));
        }

        Write.Rows.Insert(changed.FindAll(item => item.IsNew).ConvertAll(Target));
        Write.Rows.Update<T>([.. changed.FindAll(item => !item.IsNew).ConvertAll(Target), .. Followers()]);
    }

    public override Task FollowAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override Answer<Resource> Find(string name, string? pointer)
    {
        var path = new ResourcePath(null, name);
        if ((_created.GetValueOrDefault(path) ?? Current(path)) is { } current)
        {
            return current;
        }

        return (_incarnations.ContainsKey(path), pointer) switch
        {
            (true, _) => Problem.BeingDeleted($"The {Kind.Noun} {name} is being deleted.", pointer),
            (_, null) => Problem.NotFound(Kind.Noun, name),
            _ => Problem.ReferenceMissing(pointer, Kind.Noun, name),
        };
    }

    /// <summary>Returns the resources that this one refers to by name.</summary>
    protected virtual IEnumerable<Reference> References(WriteItem<T, TSpec> item) => [];

    /// <summary>More rows to lock: those that follow from changes of kinds before this one in the lock order; null if none.</summary>
    protected virtual LockedIds? AlsoLocked() => null;

    /// <summary>Returns a new row with its identity; the rules and the write set the other columns.</summary>
    protected abstract T Create(WriteItem<T, TSpec> item);

    /// <summary>Reads what the rules need, applies them to the changing resources and sets the effective values.</summary>
    protected abstract Task ApplyAsync(CancellationToken cancellationToken);

    /// <summary>Returns the names that the resource needs in OVN and on hosts.</summary>
    protected virtual IReadOnlyList<Claim> Claims(WriteItem<T, TSpec> item) => [];

    /// <summary>Sets the names that the resource got.</summary>
    protected virtual void SetNames(WriteItem<T, TSpec> item, IReadOnlyList<string> names) { }

    /// <summary>Allocates addresses and tags, before the rows are stored.</summary>
    protected virtual Task AllocateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Other rows that the write has changed without a request for them.</summary>
    protected virtual IEnumerable<T> Followers() => [];

    /// <summary>Records locked rows, in any order.</summary>
    protected void Keep(IEnumerable<T> rows, Func<T, string?>? vm = null)
    {
        foreach (var row in rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id))
        {
            _rows[row.Id] = row;
            var path = new ResourcePath(vm?.Invoke(row), row.Name);
            if (!_incarnations.TryAdd(path, [row]))
            {
                _incarnations[path].Add(row);
            }
        }
    }

    /// <summary>Returns the row with this id if it is locked or new, else null.</summary>
    protected T? ById(Guid id) => _rows.GetValueOrDefault(id);

    /// <summary>Returns the locked incarnations of a name, the newest first.</summary>
    protected IReadOnlyList<T> Incarnations(string name) => _incarnations.GetValueOrDefault(new(null, name)) ?? [];

    protected static T Target(WriteItem<T, TSpec> item) =>
        item.Target ?? throw new InvalidOperationException($"{item.Path.Name} has not been read.");

    private T? Current(ResourcePath path) => _incarnations.GetValueOrDefault(path)?.Find(row => row.DeletingSince is null);

    private Problem? Check(WriteItem<T, TSpec> item)
    {
        if (FindReferences(item) is { } missing)
        {
            return missing;
        }

        var (sent, condition) = (item.Submission.Sent, item.Submission.Condition);
        var present = Current(item.Path);
        if (item.Submission.CreateOnly && present is not null)
        {
            return Problem.AlreadyExists(Kind.Noun, item.Path.Name);
        }

        // A request without effect succeeds even if its If-Match is old (RFC 9110 §13.1.1): a client can repeat it after a lost response.
        if (present is not null && sent.IsStoredIn(present) && !condition.CreateOnly)
        {
            item.Target = present;
            return null;
        }

        if ((condition.Check(present) ?? sent.Expected?.Check(present)) is { } failed)
        {
            return failed;
        }

        Begin(item, present);
        return null;
    }

    private Problem? FindReferences(WriteItem<T, TSpec> item)
    {
        foreach (var (kind, name, pointer) in References(item))
        {
            if (!Write.Part(kind).Find(name, pointer).TryGet(out var referred, out var missing))
            {
                return missing;
            }

            item.Refer(referred);
        }

        return null;
    }

    /// <summary>Begins the change of a stored resource, or a new one.</summary>
    private void Begin(WriteItem<T, TSpec> item, T? present)
    {
        item.Before = present is null ? null : ResourceDocument.Of(present);
        item.IsNew = present is null;
        item.HasNewSpec = present is null || !item.Submission.Sent.HasSpecOf(present);
        item.HasChanged = true;
        item.Predecessor = present is null ? _incarnations.GetValueOrDefault(item.Path)?.FirstOrDefault() : null;
        item.Target = present ?? Create(item);
        if (item.IsNew)
        {
            _created[item.Path] = _rows[item.Target.Id] = item.Target;
        }
    }

    private void Stamp(WriteItem<T, TSpec> item, T target)
    {
        var sent = item.Submission.Sent;
        (target.Description, target.Labels, target.UpdatedAt) = (sent.Description, sent.Labels, Write.Now);
        if (item.IsNew)
        {
            (target.CreatedAt, target.Since, target.DirtySeq) = (Write.Now, Write.Now, Write.DirtySeq);
            (target.Reason, target.Message) = item.Predecessor is null
                ? (Reason.NotProgrammed, NotProgrammed)
                : (Reason.Replacing, "The removal of the former incarnation is not confirmed yet.");
            return;
        }

        target.Revision++;
        if (!item.HasNewSpec)
        {
            return;
        }

        target.Spec = sent.SpecText;
        target.Generation++;
        target.DirtySeq = Write.DirtySeq;
        if (target.Reason == Reason.Ready)
        {
            // A client that waits for this change must not see the readiness of the previous spec.
            (target.Reason, target.Message, target.Since) = (Reason.NotProgrammed, NotProgrammed, Write.Now);
        }
    }
}
