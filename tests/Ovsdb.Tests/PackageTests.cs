using System.IO.Compression;
using System.Xml.Linq;
using TestServers;

namespace Ovsdb.Tests;

/// <summary>The NuGet package and its README.</summary>
public sealed class PackageTests
{
    private static readonly string Sample = Path.Combine(Programs.Root, "tests", "Ovsdb.Aot");
    private static readonly string Library = Path.Combine(Programs.Root, "src", "Ovsdb");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_program_of_the_README_compiles_ahead_of_time_and_works()
    {
        var program = await File.ReadAllTextAsync(Path.Combine(Sample, "Program.cs"), Ct);
        Assert.Contains($"```csharp\n{program}```", await File.ReadAllTextAsync(Path.Combine(Library, "README.md"), Ct));
        var output = Programs.NewFolder("aot");
        await ChildProcess.RunAsync("dotnet", ["publish", Sample, "-o", output, "-nodeReuse:false", "-v", "q"], cancellationToken: Ct);
        await using var server = await OvsdbServer.StartNewAsync(OvsdbServer.OpenVSwitch);
        await ChildProcess.RunAsync("ovs-vsctl", [$"--db={server.Endpoint}", "--no-wait", "add-br", "br0"], cancellationToken: Ct);
        var printed = await ChildProcess.RunAsync(Path.Combine(output, "Ovsdb.Aot"), [server.Endpoint], cancellationToken: Ct);
        Assert.Equal(
            ["1 rows changed", "1 rows changed", "br0 has 1 ports", "done"],
            printed.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order()
        );
        Assert.Equal(
            "me\n",
            await ChildProcess.RunAsync(
                "ovs-vsctl",
                [$"--db={server.Endpoint}", "br-get-external-id", "br0", "owner"],
                cancellationToken: Ct
            )
        );
        Directory.Delete(output, recursive: true);
    }

    [Fact]
    public async Task The_package_has_metadata_documentation_and_symbols_and_no_dependencies()
    {
        var output = Programs.NewFolder("pack");
        await ChildProcess.RunAsync("dotnet", ["pack", Library, "-o", output, "-nodeReuse:false", "-v", "q"], cancellationToken: Ct);
        using var symbols = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(output, "*.snupkg")), Ct);
        using var package = await ZipFile.OpenReadAsync(Assert.Single(Directory.GetFiles(output, "*.nupkg")), Ct);
        Assert.Contains(symbols.Entries, entry => entry.FullName == "lib/net10.0/Ovsdb.pdb");
        Assert.Superset(
            new HashSet<string> { "lib/net10.0/Ovsdb.dll", "lib/net10.0/Ovsdb.xml", "README.md" },
            package.Entries.Select(entry => entry.FullName).ToHashSet()
        );
        await using var text = await package.Entries.Single(entry => entry.Name == "Ovsdb.nuspec").OpenAsync(Ct);
        var metadata = (await XDocument.LoadAsync(text, LoadOptions.None, Ct))
            .Descendants()
            .Where(element => !element.HasElements)
            .ToLookup(element => element.Name.LocalName, element => element.Value);
        Assert.Equal(["Ovsdb"], metadata["id"]);
        Assert.Equal(["Apache-2.0"], metadata["license"]);
        Assert.Equal(["README.md"], metadata["readme"]);
        Assert.All(["description", "tags", "authors", "version"], name => Assert.NotEmpty(Assert.Single(metadata[name])));
        Assert.Empty(metadata["dependency"]);
        Directory.Delete(output, recursive: true);
    }
}
