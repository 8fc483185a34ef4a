using Ovsdb;

namespace Architecture.Tests;

/// <summary>The OVSDB library serves any database. This test needs the schemas of Debian's OVN packages.</summary>
public sealed class OvsdbLibraryTests
{
    [Fact]
    public void The_OVSDB_library_names_no_table_of_OVN()
    {
        // A name of two words must occur nowhere; a name of one word (Meter, Connection) not as a string.
        var names = new[] { "ovn-nb", "ovn-sb" }
            .Select(schema => DatabaseSchema.Parse(File.ReadAllText($"/usr/share/ovn/{schema}.ovsschema")))
            .SelectMany(schema => schema.Tables.Keys.Append(schema.Name))
            .Select(name => name.Contains('_', StringComparison.Ordinal) ? name : $"\"{name}\"")
            .ToList();
        Assert.Contains("Logical_Switch_Port", names);
        Assert.Empty(
            SourceFiles
                .In("src/Ovsdb")
                .Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
                .SelectMany(file =>
                    names.Where(name => file.Text.Contains(name, StringComparison.Ordinal)).Select(name => $"{file.Name}: {name}")
                )
        );
    }
}
