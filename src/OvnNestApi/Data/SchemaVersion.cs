using System.Reflection;

namespace OvnNestApi.Data;

/// <summary>Schema version that this program was built for.</summary>
internal static class SchemaVersion
{
    /// <summary>Id of the last migration.</summary>
    public static string Expected { get; } =
        typeof(SchemaVersion)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(item => item.Key == "Migrations")
            .Value?.Split(' ')
            .Order(StringComparer.Ordinal)
            .LastOrDefault()
        ?? "";
}
