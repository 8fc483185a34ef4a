using System.Collections.ObjectModel;

namespace Ovsdb;

/// <summary>The copy at one moment, immutable: what one transaction of the server changed is in it as a whole or not at all.</summary>
public sealed class ReplicaSnapshot
{
    internal static readonly ReplicaSnapshot None = new();

    /// <summary>The number of the load that this copy stems from; 0 before the first.</summary>
    public long Generation { get; init; }

    /// <summary>The rows of a table by UUID; none for a table that is not monitored.</summary>
    public IReadOnlyDictionary<Guid, Row> Table(string table) => Generation < 0 ? throw new NotImplementedException() : ReadOnlyDictionary<Guid, Row>.Empty;

    /// <summary>A row, or null.</summary>
    public Row? Find(string table, Guid uuid) => Table(table).GetValueOrDefault(uuid);

    /// <summary>The rows under a key of an index, in no order; empty where there are none.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IReadOnlyCollection<Row> ByIndex(string indexName, string key) => throw new NotImplementedException();

    /// <summary>The keys of an index, each once.</summary>
    /// <exception cref="ArgumentException">There is no such index.</exception>
    public IEnumerable<string> IndexKeys(string indexName) => throw new NotImplementedException();
}
