using System.Globalization;
using OvnNestApi.Schema;

namespace OvnNestApi.Agents;

/// <summary>Which work a host was given. Opaque to agents; whatever differs is other work.</summary>
/// <param name="Installation">A database that was made anew is another installation.</param>
/// <param name="Revision">The host's <see cref="Host.WorkRevision"/>.</param>
internal readonly record struct WorkCursor(Guid Installation, long Revision)
{
    /// <summary>
    /// Of the form of the work: with a new field every digest is a new one, so the agent must be told though no revision changed.
    /// </summary>
    private const string Form = "1";

    /// <summary>Null: not one of ours, or of another form.</summary>
    public static WorkCursor? Parse(string? text) =>
        text?.Split('.') is [Form, var installation, var revision]
        && Guid.TryParseExact(installation, "N", out var id)
        && long.TryParse(revision, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? new(id, number)
            : null;

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Form}.{Installation:N}.{Revision}");
}
