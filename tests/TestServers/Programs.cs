namespace TestServers;

/// <summary>Where the repository and its built programs are: seen from the test's own folder, in the same configuration (Debug, Release).</summary>
public static class Programs
{
    private static readonly Lazy<string> Found = new(FindRoot);

    /// <summary>The repository's root: the nearest folder above the running test that holds the solution.</summary>
    public static string Root => Found.Value;

    /// <summary>The API and reconciler.</summary>
    public static string Api => Built("src/OvnNestApi", "OvnNestApi");

    /// <summary>The agent.</summary>
    public static string Agent => Built("src/OvnNestApi.Agent", "OvnNestApi.Agent");

    /// <summary>The program that brings a database to the present schema.</summary>
    public static string Migrations => Built("migrations", "OvnNestApi.Migrations");

    /// <summary>The script of the sandbox of OVN hosts.</summary>
    public static string Sandbox => Path.Combine(Root, "lab", "sandbox");

    /// <summary>A new empty folder with a short name (sockets in it must stay below 107 bytes), open to other users to look into.</summary>
    public static string NewFolder(string purpose)
    {
        var folder = Path.Combine(Path.GetTempPath(), $"nest-{purpose}-{Path.GetRandomFileName()[..6]}");
        Directory.CreateDirectory(folder, (UnixFileMode)Convert.ToInt32("755", 8));
        return folder;
    }

    private static string Built(string project, string assembly)
    {
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        var (framework, configuration) = (output.Name, output.Parent!.Name);
        var path = Path.Combine(Root, project, "bin", configuration, framework, $"{assembly}.dll");
        return File.Exists(path) ? path : throw new FileNotFoundException($"Not built: {path}. ./dev test builds everything first.", path);
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "OvnNestApi.sln")))
            {
                return folder.FullName;
            }
        }
        throw new DirectoryNotFoundException($"No OvnNestApi.sln above {AppContext.BaseDirectory}.");
    }
}
