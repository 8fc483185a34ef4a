namespace Ovsdb;

/// <summary>A request of a client's owner to replicate certain tables. It stays in effect until another request replaces it.</summary>
internal sealed class MonitorRequest(IReadOnlyList<MonitoredTable> tables)
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private MonitorRequest? _replaced;

    /// <summary>Creates a request that replaces another. If the other is not complete yet, it completes together with this one.</summary>
    public MonitorRequest(IReadOnlyList<MonitoredTable> tables, MonitorRequest replaced)
        : this(tables) => _replaced = replaced;

    public IReadOnlyList<MonitoredTable> Tables { get; } = Validated(tables);

    /// <summary>Completes when the replica has the requested contents, or fails if the server rejects the request.</summary>
    public Task Completion => _completion.Task;

    public void Complete()
    {
        for (var request = this; request is not null && request._completion.TrySetResult(); )
        {
            (request, request._replaced) = (request._replaced, null);
        }
    }

    public void Fail(Exception reason)
    {
        for (var request = this; request is not null && request._completion.TrySetException(reason); )
        {
            _ = request._completion.Task.Exception; // marks the exception as observed, even if no caller awaits the task
            (request, request._replaced) = (request._replaced, null);
        }
    }

    private static IReadOnlyList<MonitoredTable> Validated(IReadOnlyList<MonitoredTable> tables)
    {
        if (tables.Select(table => table.Table).Distinct(StringComparer.Ordinal).Count() < tables.Count)
        {
            throw new ArgumentException(
                "A table can be monitored only once: list all its columns and conditions in one MonitoredTable.",
                nameof(tables)
            );
        }

        foreach (var table in tables)
        {
            if (table.Columns.Distinct(StringComparer.Ordinal).Count() < table.Columns.Count)
            {
                throw new ArgumentException($"A column of {table.Table} is listed twice.", nameof(tables));
            }
        }

        return tables;
    }
}
