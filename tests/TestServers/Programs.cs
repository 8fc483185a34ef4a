namespace TestServers;

/// <summary>Paths of the repository and of its programs, in the configuration of the running test (Debug or Release).</summary>
public static class Programs
{
    private static readonly Lazy<string> Found = new(FindRoot);

    /// <summary>The root of the repository: the nearest parent folder of the test that contains the solution.</summary>
    public static string Root => Found.Value;

    /// <summary>
    /// The assembly of the API and reconciler. The environment variable <c>NEST_API</c> selects another one, for instance a published one.
    /// </summary>
    public static string Api =>
        Environment.GetEnvironmentVariable("NEST_API") is { Length: > 0 } path ? path : Built("src/OvnNestApi", "OvnNestApi");

    /// <summary>The assembly of the agent.</summary>
    public static string Agent => Built("src/OvnNestApi.Agent", "OvnNestApi.Agent");

    /// <summary>The assembly of the program that applies the migrations to a database.</summary>
    public static string Migrations => Built("migrations", "OvnNestApi.Migrations");

    /// <summary>The script of <see cref="TestServers.Sandbox"/>.</summary>
    public static string Sandbox => Path.Combine(Root, "lab", "sandbox");

    /// <summary>
    /// Creates an empty temporary folder that other users can read. Its path is short, because the path of a unix socket has at most 107
    /// bytes.
    /// </summary>
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
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{path} is not built. Run ./dev test, or build the solution.", path);
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
        throw new DirectoryNotFoundException($"No parent folder of {AppContext.BaseDirectory} contains OvnNestApi.sln.");
    }
}
