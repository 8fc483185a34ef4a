namespace Ovsdb;

/// <summary>What a client's owner wants a copy of, until he wants something else.</summary>
internal sealed class MonitorWish(IReadOnlyList<MonitoredTable> tables)
{
    private readonly TaskCompletionSource _fulfilled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MonitorWish? _former;

    /// <summary>A wish in the place of one that may not be fulfilled yet, and whose owner then waits for this.</summary>
    public MonitorWish(IReadOnlyList<MonitoredTable> tables, MonitorWish former)
        : this(tables) => _former = former;

    public IReadOnlyList<MonitoredTable> Tables { get; } = Checked(tables);

    public Task Fulfilled => _fulfilled.Task;

    public void Fulfil()
    {
        for (var wish = this; wish is not null && wish._fulfilled.TrySetResult(); )
        {
            (wish, wish._former) = (wish._former, null);
        }
    }

    /// <summary>The server refuses it.</summary>
    public void Fail(Exception reason)
    {
        for (var wish = this; wish is not null && wish._fulfilled.TrySetException(reason); )
        {
            _ = wish._fulfilled.Task.Exception; // seen, even if nobody waits
            (wish, wish._former) = (wish._former, null);
        }
    }

    private static IReadOnlyList<MonitoredTable> Checked(IReadOnlyList<MonitoredTable> tables)
    {
        if (tables.Select(table => table.Table).Distinct(StringComparer.Ordinal).Count() < tables.Count)
        {
            throw new ArgumentException("A table can be monitored once; give all its columns and conditions together.", nameof(tables));
        }

        foreach (var table in tables)
        {
            if (table.Columns.Distinct(StringComparer.Ordinal).Count() < table.Columns.Count)
            {
                throw new ArgumentException($"A column of {table.Table} is named twice.", nameof(tables));
            }
        }

        return tables;
    }
}
