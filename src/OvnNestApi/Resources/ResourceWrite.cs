using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>
/// Creates or replaces a list of resources of any kinds, all or none, with a number of statements that does not depend on their number.
/// </summary>
/// <remarks>Belongs to one attempt of a transaction; the next attempt makes a new one.</remarks>
internal sealed class ResourceWrite
{
    private readonly List<WriteItem> _items = [];
    private readonly List<(WriteItem Item, AddressRequest Request, Func<Problem, Problem> Explain)> _addresses = [];
    private HashSet<Guid>? _changing;
    private readonly HashSet<Guid> _vms = [];
    private readonly HashSet<Guid> _containers = [];

    /// <param name="kinds">All kinds of resources, in the lock order.</param>
    public ResourceWrite(NestDb db, IReadOnlyList<ResourceKind> kinds, MacPrefix macPrefix)
    {
        (Db, MacPrefix) = (db, macPrefix);
        Rows = new(db);
        Parts = kinds.Select(kind => kind.Begin(this)).ToList();
    }

    public NestDb Db { get; }

    /// <summary>First octets of the MAC addresses that the write generates.</summary>
    public MacPrefix MacPrefix { get; }

    /// <summary>Rows that are stored before the next statement that needs them.</summary>
    public Rows Rows { get; }

    /// <summary>The resources of each kind, in the lock order.</summary>
    public IReadOnlyList<KindWrite> Parts { get; }

    /// <summary>
    /// Time by the database's clock at which all locks were held, so that a later incarnation of a name has a later one; known when rows
    /// are stored.
    /// </summary>
    public DateTimeOffset Now { get; private set; }

    /// <summary>Dirty mark of the resources that the write changes; known when rows are stored.</summary>
    public long DirtySeq { get; private set; }

    public TPart Part<TPart>()
        where TPart : KindWrite => Parts.OfType<TPart>().First();

    /// <summary>Returns true if the write changes the spec of the resource with this id.</summary>
    public bool IsChanging(Guid id) => (_changing ??= [.. Changing()]).Contains(id);

    public KindWrite Part(string kind) => Parts.First(part => part.Kind.Name == kind);

    /// <summary>Runs the write.</summary>
    /// <returns>The resources in the order of the submissions, or the problems of the step that found the first one.</returns>
    public async Task<Answer<IReadOnlyList<WriteItem>>> RunAsync(
        IReadOnlyList<(ResourceKind Kind, Submission Submission)> submissions,
        CancellationToken cancellationToken
    )
    {
        foreach (var (kind, submission) in submissions)
        {
            _items.Add(Part(kind.Name).Add(submission));
        }

        foreach (var part in Parts)
        {
            part.Refer();
        }

        foreach (var part in Parts)
        {
            await part.LockAsync(cancellationToken);
            await part.DecideAsync(cancellationToken);
        }

        var problem = FirstProblem() ?? await StoreAsync(cancellationToken);
        return problem is null ? _items : problem;
    }

    /// <summary>Requests addresses for a port; they are assigned with all others before the first port is stored.</summary>
    /// <param name="item">The resource that gets the problem if there is one.</param>
    /// <param name="explain">Adapts the problem; null if the port is that of the item.</param>
    public void RequestAddresses(WriteItem item, AddressRequest request, Func<Problem, Problem>? explain = null) =>
        _addresses.Add((item, request, explain ?? (problem => problem)));

    /// <summary>Assigns the addresses of all ports of the write.</summary>
    public async Task AssignAddressesAsync(CancellationToken cancellationToken)
    {
        if (_addresses.Count == 0)
        {
            return;
        }

        var problems = await AddressBook.AssignAsync(Db, MacPrefix, _addresses.ConvertAll(one => one.Request), cancellationToken);
        for (var i = 0; i < problems.Count; i++)
        {
            if (problems[i] is { } problem)
            {
                _addresses[i].Item.Fail(_addresses[i].Explain(problem));
            }
        }

        _addresses.Clear();
    }

    /// <summary>The placements of the VM and all its containers must be computed again.</summary>
    public void RefreshVm(Guid vm) => _vms.Add(vm);

    /// <summary>The placement of the container must be computed again.</summary>
    public void RefreshContainer(Guid container) => _containers.Add(container);

    private IEnumerable<Guid> Changing() => _items.Where(item => item.HasNewSpec).Select(item => item.Resource?.Id).OfType<Guid>();

    private async Task<Problem?> StoreAsync(CancellationToken cancellationToken)
    {
        var changed = _items.FindAll(item => item.HasChanged);
        if (changed.Count == 0)
        {
            return null;
        }

        await TakeNamesAsync(cancellationToken);
        if (FirstProblem() is { } problem)
        {
            return problem;
        }

        // All locks are held: a dirty mark that is taken now is greater than those of earlier writes of these resources.
        (Now, DirtySeq) = await StampAsync(cancellationToken);
        foreach (var part in Parts)
        {
            await part.StoreAsync(cancellationToken);
            if (FirstProblem() is { } later)
            {
                return later;
            }
        }

        Rows.Insert(changed.ConvertAll(Entry));
        await Rows.FlushAsync(cancellationToken);
        foreach (var part in Parts)
        {
            await part.FollowAsync(cancellationToken);
        }

        if (_vms.Count + _containers.Count > 0)
        {
            await PlacementWriter.RefreshAsync(Db, _vms, _containers, cancellationToken);
        }

        return null;
    }

    private async Task TakeNamesAsync(CancellationToken cancellationToken)
    {
        var requests = Parts.SelectMany(part => part.RequestNames()).ToList();
        if (requests.Count == 0)
        {
            return;
        }

        var answers = await NameClaims.TakeAsync(Db, requests.ConvertAll(one => one.Request), cancellationToken);
        for (var i = 0; i < answers.Count; i++)
        {
            var (part, item, _) = requests[i];
            if (answers[i].TryGet(out var names, out var problem))
            {
                part.SetNames(item, names);
            }
            else
            {
                item.Fail(problem);
            }
        }
    }

    /// <summary>Returns the problems of all items as one; null if there are none.</summary>
    private Problem? FirstProblem() => Problem.Join(_items.Select(item => item.Problem).OfType<Problem>());

    private Change Entry(WriteItem item)
    {
        var resource = item.Resource ?? throw new InvalidOperationException("A resource without a problem has been stored.");
        return ChangeLog.Entry(
            Db,
            item.Kind.Name,
            item.Path.Vm,
            item.Path.Name,
            resource.Id,
            item.IsNew ? "created" : "updated",
            item.Before,
            ResourceDocument.Of(resource)
        );
    }

    private async Task<(DateTimeOffset Now, long DirtySeq)> StampAsync(CancellationToken cancellationToken) =>
        (
            await Db.QueryAsync(
                "SELECT statement_timestamp(), nextval('dirty_seq')",
                row => (row.GetFieldValue<DateTimeOffset>(0), row.GetInt64(1)),
                cancellationToken
            )
        )[0];
}
