namespace OvnNestApi.Resources;

/// <summary>One page of a list.</summary>
/// <param name="Items">Items of the page, ordered by name.</param>
/// <param name="Next">Cursor of the next page; absent on the last page.</param>
public sealed record ListView<TView>(IReadOnlyList<TView> Items, string? Next)
{
    /// <summary>
    /// Cursor for <c>GET /v1/changes</c>: the feed continues from the state that this list shows. Absent while a transaction that began
    /// before this process was started still adds to the log.
    /// </summary>
    public string? ChangesCursor { get; init; }
}
