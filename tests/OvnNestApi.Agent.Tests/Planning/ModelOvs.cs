using OvnNestApi.HostPlanning;
using Ovsdb;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Open_vSwitch database in memory: it applies operations (RFC 7047 §5.2) and deletes rows that nothing refers to.</summary>
internal sealed class ModelOvs
{
    private static readonly Dictionary<string, string> Strong = new()
    {
        ["Open_vSwitch"] = "bridges",
        ["Bridge"] = "ports",
        ["Port"] = "interfaces",
    };
    private static readonly string[] Tables = ["Open_vSwitch", "Bridge", "Port", "Interface"];

    private readonly Dictionary<string, Dictionary<Guid, Dictionary<string, OvsdbValue>>> _tables = Tables.ToDictionary(
        table => table,
        _ => new Dictionary<Guid, Dictionary<string, OvsdbValue>>()
    );
    private int _rows;

    public ModelOvs() => Empty();

    public Guid Root => _tables["Open_vSwitch"].Keys.Single();

    /// <summary>Resets the database to the host's own settings and the bridge that ovn-controller creates.</summary>
    public void Empty()
    {
        foreach (var table in _tables.Values)
        {
            table.Clear();
        }

        _tables["Open_vSwitch"][NewUuid()] = Row(
            ("bridges", OvsdbValue.Empty),
            ("external_ids", OvsdbValue.Map([new("system-id", "h1"), new("ovn-bridge-datapath-type", "netdev")]))
        );
        AddBridge("br-int", new Dictionary<string, string>());
        Bridge("br-int")["external_ids"] = OvsdbValue.Map([new("ovn-nb-cfg", "7")]);
    }

    public OvsState Read() =>
        OvsRows.Read(
            new Row(Root, _tables["Open_vSwitch"][Root]),
            (table, uuid) => _tables[table].TryGetValue(uuid, out var row) ? new Row(uuid, row) : null,
            hasUnappliedChange: false
        );

    public IEnumerable<Dictionary<string, OvsdbValue>> Rows(string table) => _tables[table].Values;

    public void AddBridge(string name, IReadOnlyDictionary<string, string> externalIds)
    {
        var uuid = NewUuid();
        _tables["Bridge"][uuid] = Row(
            ("name", name),
            ("datapath_type", "netdev"),
            ("external_ids", OvsdbValue.Map(externalIds)),
            ("ports", OvsdbValue.Empty)
        );
        var root = _tables["Open_vSwitch"][Root];
        root["bridges"] = OvsdbValue.Set(root["bridges"].AsUuidSet().Append(uuid));
    }

    public void AddPort(string bridge, string name, int? tag)
    {
        var (port, part) = (NewUuid(), NewUuid());
        _tables["Interface"][part] = Row(("name", name), ("type", "internal"));
        _tables["Port"][port] = Row(("name", name), ("interfaces", part), ("tag", OvsdbValue.Optional(tag)));
        Bridge(bridge)["ports"] = OvsdbValue.Set(Bridge(bridge)["ports"].AsUuidSet().Append(port));
    }

    public void Apply(IEnumerable<Op> ops)
    {
        var list = ops.ToList();
        var names = list.OfType<InsertOp>().Where(op => op.UuidName is not null).ToDictionary(op => op.UuidName ?? "", _ => NewUuid());
        foreach (var op in list)
        {
            switch (op)
            {
                case InsertOp insert:
                    _tables[insert.Table][insert.Uuid ?? names[insert.UuidName ?? ""]] = Row([
                        .. insert.Row.Select(pair => (pair.Key, Resolve(pair.Value, names))),
                    ]);
                    break;
                case UpdateOp update:
                    foreach (var (column, value) in update.Row)
                    {
                        Found(update.Table, update.Where)[column] = Resolve(value, names);
                    }

                    break;
                case MutateOp mutate:
                    foreach (var mutation in mutate.Mutations)
                    {
                        Mutate(Found(mutate.Table, mutate.Where), mutation with { Value = Resolve(mutation.Value, names) });
                    }

                    break;
                default:
                    throw new NotSupportedException(op.Name);
            }
        }
        Collect();
        foreach (var table in Tables[1..])
        {
            Assert.Distinct(_tables[table].Values.Select(row => row["name"].AsString())); // the schema's indexes
        }
    }

    public void Delete(string table, string name)
    {
        var (uuid, _) = _tables[table].Single(row => row.Value["name"].AsString() == name);
        foreach (var (owner, column) in Strong)
        {
            foreach (var row in _tables[owner].Values)
            {
                if (row.TryGetValue(column, out var value) && value.AsSet().Contains(uuid))
                {
                    row[column] = OvsdbValue.Set(value.AsUuidSet().Except([uuid]));
                }
            }
        }

        Collect();
    }

    private Dictionary<string, OvsdbValue> Bridge(string name) => _tables["Bridge"].Values.Single(row => row["name"].AsString() == name);

    private Dictionary<string, OvsdbValue> Found(string table, IReadOnlyList<Where> where) =>
        _tables[table][Assert.Single(where).Value.AsUuid()];

    private static void Mutate(Dictionary<string, OvsdbValue> row, Mutation mutation)
    {
        var present = row.GetValueOrDefault(mutation.Column);
        row[mutation.Column] = (mutation.Column, mutation.Mutator) switch
        {
            ("external_ids", "delete") => OvsdbValue.Map(
                present.AsStringMap().Where(pair => !mutation.Value.AsStringSet().Contains(pair.Key))
            ),
            ("external_ids", "insert") => OvsdbValue.Map(
                mutation.Value.AsStringMap().Concat(present.AsStringMap()).GroupBy(pair => pair.Key, (key, all) => all.Last())
            ),
            (_, "delete") => OvsdbValue.Set(present.AsUuidSet().Except(mutation.Value.AsUuidSet())),
            (_, "insert") => OvsdbValue.Set(present.AsUuidSet().Union(mutation.Value.AsUuidSet())),
            _ => throw new NotSupportedException(mutation.Mutator),
        };
    }

    private static OvsdbValue Resolve(OvsdbValue value, Dictionary<string, Guid> names) =>
        value.Kind is OvsdbKind.NamedUuid ? names[value.AsNamedUuid()]
        : value.Kind is OvsdbKind.Set && value.AsSet() is [{ Kind: OvsdbKind.NamedUuid }, ..] set
            ? OvsdbValue.Set(set.Select(atom => names[atom.AsNamedUuid()]))
        : value;

    private void Collect()
    {
        foreach (var (owner, column) in Strong)
        {
            var referenced = _tables[owner].Values.SelectMany(row => row.GetValueOrDefault(column).AsUuidSet()).ToHashSet();
            var rows = _tables[Tables[Array.IndexOf(Tables, owner) + 1]];
            foreach (var uuid in rows.Keys.Except(referenced).ToArray())
            {
                rows.Remove(uuid);
            }
        }
    }

    private Guid NewUuid() => new(++_rows, 0, 0, new byte[8]);

    private static Dictionary<string, OvsdbValue> Row(params IEnumerable<(string Name, OvsdbValue Value)> columns)
    {
        var row = new Dictionary<string, OvsdbValue>
        {
            ["external_ids"] = OvsdbValue.EmptyMap,
            ["options"] = OvsdbValue.EmptyMap,
            ["type"] = "",
            ["datapath_type"] = "",
        };
        foreach (var (name, value) in columns)
        {
            row[name] = value;
        }

        return row;
    }
}
