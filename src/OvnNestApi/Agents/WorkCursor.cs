using System.Globalization;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Identifies a version of a host's work. Agents treat its text as opaque; a different text means different work.</summary>
/// <param name="Installation">Id of the installation; a newly created database has a new one.</param>
/// <param name="Revision">The host's <see cref="Host.WorkRevision"/>.</param>
internal readonly record struct WorkCursor(Guid Installation, long Revision)
{
    /// <summary>
    /// Version of the work's format. It changes with every new field: then all digests change, so agents must read their work again
    /// although no revision changed.
    /// </summary>
    private const string Format = "1";

    /// <summary>Returns null if the text is not a cursor, or has another format version.</summary>
    public static WorkCursor? Parse(string? text) =>
        text?.Split('.') is [Format, var installation, var revision]
        && Guid.TryParseExact(installation, "N", out var id)
        && long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(id, number)
            : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Format}.{Installation:N}.{Revision}");
}
