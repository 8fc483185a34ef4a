using OvnNestApi.Northbound;
using Ovsdb;

namespace OvnNestApi.Tests.Harness;

/// <summary>Northbound database in memory: applies the operations of a plan and removes ports that no switch refers to.</summary>
internal sealed class NorthboundModel
{
    private readonly Ownership _ownership;
    private readonly Dictionary<RowRef, Dictionary<string, OvsdbValue>> _rows = [];

    public NorthboundModel(Ownership ownership) => _ownership = ownership;

    public IReadOnlyDictionary<RowRef, Dictionary<string, OvsdbValue>> Rows => _rows;

    public void Put(RowRef row, Dictionary<string, OvsdbValue> columns) => _rows[row] = columns;

    public void Attach(RowRef parent, Guid port) => _rows[parent]["ports"] = OvsdbValue.Set(Ports(parent).Append(port));

    public void Detach(RowRef parent, Guid port) => _rows[parent]["ports"] = OvsdbValue.Set(Ports(parent).Where(p => p != port));

    public void Collect()
    {
        foreach (var row in _rows.Keys.Where(row => Tables.ParentOf(row.Table) is not null && ParentsOf(row).Count == 0).ToList())
        {
            _rows.Remove(row);
        }
    }

    public ILookup<OwnerRef, ActualRow> RowsOf(IReadOnlyList<WantedResource> wanted) =>
        wanted
            .SelectMany(o =>
                _rows
                    .Keys.Where(row => o.Rows.Any(w => w.Ref == row) || _ownership.OwnerOf(Read(row))?.Id == o.Owner.Id)
                    .Select(row => (o.Owner, Row: new ActualRow(row, Read(row), ParentsOf(row))))
            )
            .ToLookup(pair => pair.Owner, pair => pair.Row);

    public void Apply(IEnumerable<Op> ops)
    {
        foreach (var op in ops)
        {
            Apply(op);
        }

        Collect();
    }

    private void Apply(Op op)
    {
        switch (op)
        {
            case InsertOp insert:
                _rows.Add(new(insert.Table, insert.Uuid!.Value), insert.Row.ToDictionary());
                break;
            case UpdateOp update:
                foreach (var (column, value) in update.Row)
                {
                    _rows[Target(update.Table, update.Where)][column] = value;
                }

                break;
            case DeleteOp delete:
                _rows.Remove(Target(delete.Table, delete.Where));
                break;
            case MutateOp mutate:
                foreach (var mutation in mutate.Mutations)
                {
                    Mutate(_rows[Target(mutate.Table, mutate.Where)], mutation);
                }

                break;
            case WaitOp { Until: "!=" } exists:
                Assert.Contains(Target(exists.Table, exists.Where), _rows.Keys);
                break;
            case WaitOp empty:
                Assert.Empty(Ports(Target(empty.Table, empty.Where)));
                break;
            default:
                Assert.Fail($"A plan must not contain {op}");
                break;
        }
    }

    private static void Mutate(Dictionary<string, OvsdbValue> row, Mutation mutation)
    {
        var present = row.GetValueOrDefault(mutation.Column);
        row[mutation.Column] = (mutation.Column, mutation.Mutator) switch
        {
            ("ports", "insert") => OvsdbValue.Set(present.AsSet().Concat(mutation.Value.AsSet())),
            ("ports", "delete") => OvsdbValue.Set(present.AsSet().Except(mutation.Value.AsSet())),
            (_, "insert") => OvsdbValue.Map(
                mutation.Value.AsStringMap().Where(pair => !present.AsStringMap().ContainsKey(pair.Key)).Concat(present.AsStringMap())
            ),
            _ => OvsdbValue.Map(present.AsStringMap().Where(pair => !mutation.Value.AsStringSet().Contains(pair.Key))),
        };
    }

    private static RowRef Target(string table, IReadOnlyList<Where> where) => new(table, Assert.Single(where).Value.AsUuid());

    private Row Read(RowRef row) => new(row.Uuid, _rows[row]);

    private List<Guid> Ports(RowRef parent) => [.. _rows[parent].GetValueOrDefault("ports").AsSet().Select(port => port.AsUuid())];

    private List<RowRef> ParentsOf(RowRef row) =>
        [.. _rows.Keys.Where(parent => parent.Table == Tables.ParentOf(row.Table) && Ports(parent).Contains(row.Uuid))];
}
