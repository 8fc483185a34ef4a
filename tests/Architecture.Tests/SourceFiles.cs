using TestServers;

namespace Architecture.Tests;

/// <summary>The C# files of the repository that people write.</summary>
internal static class SourceFiles
{
    /// <summary>Returns the absolute paths of a folder's C# files, without what a build or Entity Framework generates.</summary>
    public static List<string> In(string folder) =>
        Directory
            .EnumerateFiles(Path.Combine(Programs.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/bin/", StringComparison.Ordinal) && !file.Contains("/obj/", StringComparison.Ordinal))
            .Where(file => !file.Contains("/migrations/Migrations/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .ToList();
}
