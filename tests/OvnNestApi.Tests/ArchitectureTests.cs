using System.Reflection;
using System.Text.RegularExpressions;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests;

/// <summary>The rules that the tree promises.</summary>
public sealed partial class ArchitectureTests
{
    [Fact]
    public void The_projection_and_the_plan_know_neither_the_database_nor_http()
    {
        var files = Sources("src/OvnNestApi/Northbound").Where(f => !f.Name.StartsWith("NorthboundDb", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(f => Impure().IsMatch(File.ReadAllText(f.FullName))).Select(f => f.Name));
    }

    [Fact]
    public void The_ovsdb_library_references_nothing_but_the_base_library() =>
        Assert.Empty(
            typeof(Ovsdb.OvsdbClient)
                .Assembly.GetReferencedAssemblies()
                .Where(a =>
                    !a.Name!.StartsWith("System", StringComparison.Ordinal)
                    && a.Name is not ("Polly.Core" or "netstandard" or "Microsoft.Win32.Primitives")
                )
                .Select(a => a.Name)
        );

    [Fact]
    public void What_crosses_between_the_programs_references_nothing_but_the_base_library() =>
        Assert.Empty(
            typeof(Contracts.HostWork)
                .Assembly.GetReferencedAssemblies()
                .Where(a => !a.Name!.StartsWith("System", StringComparison.Ordinal))
                .Select(a => a.Name)
        );

    [Fact]
    public void The_ovsdb_library_knows_no_table_of_ovn()
    {
        // A name of two words anywhere, one of a single word (Meter, Connection) as a text.
        var names = new[] { "ovn-nb", "ovn-sb" }
            .Select(schema => Ovsdb.DatabaseSchema.Parse(File.ReadAllText($"/usr/share/ovn/{schema}.ovsschema")))
            .SelectMany(schema => schema.Tables.Keys.Append(schema.Name))
            .Select(name => name.Contains('_', StringComparison.Ordinal) ? name : $"\"{name}\"")
            .ToList();
        Assert.Contains("Logical_Switch_Port", names);
        Assert.Empty(
            Sources("src/Ovsdb")
                .Select(f => (f.Name, Text: File.ReadAllText(f.FullName)))
                .SelectMany(f => names.Where(name => f.Text.Contains(name, StringComparison.Ordinal)).Select(name => $"{f.Name}: {name}"))
        );
    }

    [Fact]
    public void No_file_is_longer_than_three_hundred_lines() =>
        Assert.DoesNotContain(
            new[] { "src", "migrations", "tests" }
                .SelectMany(Sources)
                .Where(f => !f.FullName.Contains("/migrations/Migrations/", StringComparison.Ordinal))
                .Select(f => (f.Name, Lines: File.ReadLines(f.FullName).Count())),
            f => f.Lines > 300
        );

    [Fact]
    public void No_folder_is_named_after_nothing() =>
        Assert.DoesNotContain(
            Directory.EnumerateDirectories(Path.Combine(Programs.Root, "src"), "*", SearchOption.AllDirectories).Select(Path.GetFileName),
            d => d is "Services" or "Helpers" or "Common" or "Models" or "Utils" or "Extensions" or "DTOs" or "Managers"
        );

    [Fact]
    public void No_interface_has_a_single_implementation()
    {
        var types = new[] { typeof(NestDb).Assembly, typeof(Ovsdb.OvsdbClient).Assembly, typeof(Contracts.HostWork).Assembly }
            .SelectMany(a => a.GetTypes())
            .ToList();
        var ours = types.Where(t =>
            t.IsInterface && t.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null
        );
        Assert.Empty(
            ours.Where(i =>
                    types.Count(t =>
                        !t.IsInterface && t.GetInterfaces().Any(of => of == i || (of.IsGenericType && of.GetGenericTypeDefinition() == i))
                    ) < 2
                )
                .Select(i => i.Name)
        );
    }

    private static IEnumerable<FileInfo> Sources(string folder) =>
        new DirectoryInfo(Path.Combine(Programs.Root, folder))
            .EnumerateFiles("*.cs", SearchOption.AllDirectories)
            .Where(f => !GeneratedFolder().IsMatch(f.FullName));

    [GeneratedRegex(@"EntityFrameworkCore|Microsoft\.AspNetCore|Npgsql|NestDb|TimeProvider|ILogger|OvsdbClient\b")]
    private static partial Regex Impure();

    [GeneratedRegex("/(bin|obj)/")]
    private static partial Regex GeneratedFolder();
}
