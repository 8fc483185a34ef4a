using System.Reflection;

namespace OvnNestApi.Data;

/// <summary>The schema that this program was built with.</summary>
internal static class SchemaVersion
{
    /// <summary>The last migration's id.</summary>
    public static string Expected { get; } =
        typeof(SchemaVersion)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(item => item.Key == "Migrations")
            .Value?.Split(' ')
            .Order(StringComparer.Ordinal)
            .LastOrDefault()
        ?? "";
}
