using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using TestServers;

namespace Architecture.Tests;

/// <summary>
/// Which folders of a project use which others. A folder uses another if code or documentation in it names a type declared there.
/// </summary>
public sealed class FolderGraph
{
    /// <summary>The name of the project's own folder.</summary>
    public const string Root = ".";

    private readonly Dictionary<(string From, string To), SortedSet<string>> _arrows = [];

    private FolderGraph(string project) => Project = project;

    public string Project { get; }

    /// <summary>All folders with source files, in alphabetical order.</summary>
    public SortedSet<string> Folders { get; } = new(StringComparer.Ordinal);

    /// <summary>Pairs of a folder and a folder that it uses.</summary>
    public IReadOnlyCollection<(string From, string To)> Arrows => _arrows.Keys;

    /// <summary>Arrows that exist in both directions, one of each.</summary>
    public IEnumerable<(string From, string To)> TwoWayPairs =>
        Arrows.Where(arrow => string.CompareOrdinal(arrow.From, arrow.To) < 0 && _arrows.ContainsKey((arrow.To, arrow.From)));

    /// <summary>Folders that can reach themselves by following arrows.</summary>
    public IEnumerable<string> FoldersInCycles => Folders.Where(folder => Reachable(folder).Contains(folder));

    /// <summary>Returns the places that make up an arrow: "file uses type".</summary>
    public IReadOnlyCollection<string> Places((string From, string To) arrow) => _arrows[arrow];

    /// <summary>Reads a project of the repository from its source.</summary>
    /// <param name="project">Path of the project's folder in the repository.</param>
    public static FolderGraph Read(string project)
    {
        var root = Path.Combine(Programs.Root, project);
        var files = SourceFiles.In(project).Select(file => (Path.GetRelativePath(root, file), File.ReadAllText(file)));
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent?.Name ?? "Debug";
        var usings = Directory.GetFiles(Path.Combine(root, "obj", configuration), "*.GlobalUsings.g.cs", SearchOption.AllDirectories);
        return Of(Path.GetFileName(project), files, File.ReadAllText(usings[0]));
    }

    /// <summary>Builds the graph of the given files.</summary>
    /// <param name="project">The project's name. Its built assembly is not used as a reference.</param>
    /// <param name="files">Path relative to the project, and text, of each file.</param>
    /// <param name="globalUsings">The <c>global using</c> directives that the build generates.</param>
    public static FolderGraph Of(string project, IEnumerable<(string Path, string Text)> files, string globalUsings = "")
    {
        var options = new CSharpParseOptions(LanguageVersion.Preview, DocumentationMode.Parse);
        var trees = files.Select(file => CSharpSyntaxTree.ParseText(file.Text, options, file.Path)).ToList();
        var compilation = CSharpCompilation.Create(
            "Folders",
            trees.Append(CSharpSyntaxTree.ParseText(globalUsings, options)),
            References(project),
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary)
        );
        var graph = new FolderGraph(project);
        foreach (var tree in trees)
        {
            graph.Add(tree, compilation.GetSemanticModel(tree));
        }

        return graph;
    }

    private void Add(SyntaxTree tree, SemanticModel model)
    {
        var from = FolderOf(tree.FilePath);
        Folders.Add(from);
        foreach (var name in tree.GetRoot().DescendantNodes(descendIntoTrivia: true).OfType<SimpleNameSyntax>())
        {
            var symbol = model.GetSymbolInfo(name) is var info && info.Symbol is { } found ? found : info.CandidateSymbols.FirstOrDefault();
            var type = symbol as INamedTypeSymbol ?? (symbol is ITypeParameterSymbol ? null : symbol?.ContainingType);
            var source = type?.OriginalDefinition.Locations.FirstOrDefault(place => place.SourceTree?.FilePath is { Length: > 0 });
            if (source is not null && FolderOf(source.SourceTree!.FilePath) is var to && to != from)
            {
                _arrows.TryAdd((from, to), new(StringComparer.Ordinal));
                _arrows[(from, to)].Add($"{tree.FilePath} uses {type!.Name}");
            }
        }
    }

    private HashSet<string> Reachable(string start)
    {
        var reached = new HashSet<string>();
        var open = new Queue<string>([start]);
        while (open.TryDequeue(out var folder))
        {
            foreach (var arrow in Arrows.Where(arrow => arrow.From == folder && reached.Add(arrow.To)))
            {
                open.Enqueue(arrow.To);
            }
        }

        return reached;
    }

    private static string FolderOf(string path) => Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : Root;

    private static IEnumerable<MetadataReference> References(string project) =>
        ((string?)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES") ?? "")
            .Split(Path.PathSeparator)
            .Where(file => Path.GetFileNameWithoutExtension(file) != project)
            .Select(file => MetadataReference.CreateFromFile(file));
}
