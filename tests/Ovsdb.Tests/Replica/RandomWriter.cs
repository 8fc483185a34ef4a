namespace Ovsdb.Tests;

/// <summary>Creates random transactions that insert, change and delete switches and ports. A server rejects some of them.</summary>
internal sealed class RandomWriter(Random random)
{
    private readonly List<Guid> _switches = [];
    private readonly Dictionary<Guid, Guid> _ports = []; // the key is the port, the value its switch

    /// <summary>Returns the operations of the next transaction.</summary>
    public Op[] Next() => [.. Enumerable.Range(0, random.Next(1, 6)).SelectMany(_ => Change())];

    /// <summary>Sets the rows to those of the database, because some transactions were rejected or lost.</summary>
    public void SetRows(ReplicaSnapshot snapshot)
    {
        _switches.Clear();
        _ports.Clear();
        foreach (var row in snapshot.Table(Nb.Switch).Values)
        {
            _switches.Add(row.Uuid);
            foreach (var port in row["ports"].AsUuidSet())
            {
                _ports[port] = row.Uuid;
            }
        }
    }

    private Op[] Change()
    {
        if (_switches.Count == 0 || random.Next(10) == 0)
        {
            _switches.Add(Guid.NewGuid());
            return [Nb.NewSwitch(_switches[^1], $"s{random.Next(5)}")];
        }
        if (_ports.Count < 3 || random.Next(3) == 0)
        {
            var (switchUuid, port) = (_switches[random.Next(_switches.Count)], Guid.NewGuid());
            _ports[port] = switchUuid;
            return Nb.NewPort(switchUuid, port, $"p{random.Next(2000)}", ("external_ids", Marks()), ("addresses", Set()));
        }
        return ChangeExisting(_ports.Keys.ElementAt(random.Next(_ports.Count)));
    }

    private Op[] ChangeExisting(Guid port)
    {
        var where = new[] { Where.Uuid(port) };
        switch (random.Next(8))
        {
            case 0:
                _ports.Remove(port, out var switchUuid);
                return [Op.Mutate(Nb.Switch, [Where.Uuid(switchUuid)], Mutation.Delete("ports", port))];
            case 1 when _switches.Count > 2:
                var deleted = _switches[random.Next(_switches.Count)];
                _switches.Remove(deleted);
                return [Op.Delete(Nb.Switch, [Where.Uuid(deleted)])];
            case 2:
                return [Op.Update(Nb.Port, where, Nb.Row(("external_ids", Marks()), ("options", Marks())))];
            case 3:
                return [Op.Mutate(Nb.Port, where, Mutation.Insert("external_ids", Marks()), Mutation.Delete("addresses", Set()))];
            case 4:
                return [Op.Update(Nb.Port, where, Nb.Row(("tag_request", OptionalTag()), ("type", random.Next(2) == 0 ? "" : "router")))];
            case 5:
                return [Op.Update(Nb.Port, where, Nb.Row(("enabled", OptionalBoolean())))];
            case 6:
                return [Op.Update(Nb.Port, where, Nb.Row(("addresses", Set()), ("name", $"p{random.Next(2000)}")))];
            default:
                var anySwitch = new[] { Where.Uuid(_switches[random.Next(_switches.Count)]) };
                return [Op.Update(Nb.Switch, anySwitch, Nb.Row(("other_config", Marks()), ("name", $"s{random.Next(5)}")))];
        }
    }

    private OvsdbValue OptionalTag() => random.Next(2) == 0 ? OvsdbValue.Empty : random.Next(1, 4095);

    private OvsdbValue OptionalBoolean() =>
        random.Next(3) switch
        {
            0 => true,
            1 => false,
            _ => OvsdbValue.Empty,
        };

    private OvsdbValue Set() => OvsdbValue.Set(Enumerable.Range(0, random.Next(4)).Select(_ => $"a{random.Next(6)}"));

    private OvsdbValue Marks() =>
        OvsdbValue.Map(
            Enumerable
                .Range(0, random.Next(4))
                .Select(_ => random.Next(4))
                .Distinct()
                .ToDictionary(k => k == 0 ? "owner" : $"k{k}", _ => $"v{random.Next(4)}")
        );
}
