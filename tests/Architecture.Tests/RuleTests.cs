using System.Reflection;
using System.Text.RegularExpressions;
using OvnNestApi.Schema;
using TestServers;

namespace Architecture.Tests;

/// <summary>Rules for the whole tree, apart from its folders' layers.</summary>
[Trait("Kind", "pure")]
public sealed partial class RuleTests
{
    [Fact]
    public void The_projection_and_the_plan_use_neither_the_database_nor_HTTP()
    {
        var files = SourceFiles.In("src/OvnNestApi/Northbound").Where(file => !IsDatabase(Path.GetFileName(file))).ToList();
        Assert.NotEmpty(files);
        Assert.Empty(files.Where(file => Impure().IsMatch(File.ReadAllText(file))).Select(Path.GetFileName));
    }

    private static bool IsDatabase(string file) =>
        file.StartsWith("NorthboundDb", StringComparison.Ordinal) || file is "NorthboundReader.cs";

    /// <summary>Tests replace the clock and the randomness, so only programs and defaults of options name the real ones.</summary>
    [Fact]
    public void The_clock_and_the_randomness_are_injected() =>
        Assert.Empty(
            SourceFiles
                .In("src")
                .Where(file =>
                    !file.EndsWith("Program.cs", StringComparison.Ordinal) && !file.EndsWith("Options.cs", StringComparison.Ordinal)
                )
                .Where(file => AmbientState().IsMatch(File.ReadAllText(file)))
                .Select(Path.GetFileName)
        );

    [Fact]
    public void The_OVSDB_library_references_nothing_but_the_base_library() =>
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
    public void The_contracts_reference_nothing_but_the_base_library() =>
        Assert.Empty(
            typeof(OvnNestApi.Contracts.HostWork)
                .Assembly.GetReferencedAssemblies()
                .Where(a => !a.Name!.StartsWith("System", StringComparison.Ordinal))
                .Select(a => a.Name)
        );

    [Fact]
    public void No_folder_has_a_name_that_says_nothing() =>
        Assert.DoesNotContain(
            Directory.EnumerateDirectories(Path.Combine(Programs.Root, "src"), "*", SearchOption.AllDirectories).Select(Path.GetFileName),
            d => d is "Services" or "Helpers" or "Common" or "Models" or "Utils" or "Extensions" or "DTOs" or "Managers"
        );

    [Fact]
    public void No_interface_has_a_single_implementation()
    {
        var types = new[] { typeof(NestDb).Assembly, typeof(Ovsdb.OvsdbClient).Assembly, typeof(OvnNestApi.Contracts.HostWork).Assembly }
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

    [GeneratedRegex(@"\b(Random\.Shared|TimeProvider\.System)\b(?!""/)")]
    private static partial Regex AmbientState();

    [GeneratedRegex(@"EntityFrameworkCore|Microsoft\.AspNetCore|Npgsql|NestDb|TimeProvider|ILogger|OvsdbClient\b")]
    private static partial Regex Impure();
}
