using OvnNestApi.Data;

namespace OvnNestApi.Changes;

/// <summary>Deletes changes after their retention. The newest of them stays: it marks the start of the log.</summary>
internal static class ChangeRetention
{
    private const string Prune = """
        DELETE FROM changes WHERE number IN (
            SELECT number FROM changes WHERE number < (SELECT max(number) FROM changes WHERE at < now() - $1) ORDER BY number LIMIT $2)
        """;

    public static Retention Of(TimeSpan keep) => new("changes", Prune, keep);
}
