namespace OvnNestApi.Placements;

/// <summary>The end of a deletion, for a kind whose resources are not placed on hosts and do not belong to a VM.</summary>
/// <param name="Kind">Name of the kind in the change log.</param>
/// <param name="Table">Name of the kind's table.</param>
/// <param name="IsUnused">SQL condition: nothing depends on the resource <c>x</c> any more.</param>
internal sealed record KindRemoval(string Kind, string Table, string IsUnused)
{
    /// <summary>True if the resources have rows in the NB, whose removal a pass has to record first.</summary>
    public bool HasRows { get; init; } = true;

    /// <summary>
    /// SQL statements that mark what the next incarnations in <c>@ids</c> concern, now that they have their names; null if there is nothing
    /// to mark.
    /// </summary>
    public string? MarkSuccessors { get; init; }

    /// <summary>SQL condition: the deletion of the resource <c>x</c> was requested, and the NB no longer has its rows.</summary>
    public string IsGone => HasRows ? Removals.IsGone : "x.deleting_since IS NOT NULL";

    /// <summary>Statement that deletes the resources and dependent rows, and writes the change log. Rows: the next incarnations.</summary>
    public string Statement =>
        $"""
            WITH gone AS (DELETE FROM {Table} x WHERE {IsGone} AND {IsUnused} {Removals.Returning}),
            {Removals.WithNames},
            logged AS (INSERT INTO changes (by, kind, name, object_id, action, before)
                SELECT 'reconciler', '{Kind}', name, id, 'deleted', before FROM gone)
            SELECT n.id FROM gone g JOIN {Table} n ON n.name = g.name AND n.deleting_since IS NULL
            """;
}
