using System.Text.Json;
using System.Text.Json.Serialization;
using OvnNestApi.Agent.Planning;

namespace OvnNestApi.Agent.State;

/// <summary>
/// Records of the namespaces that the agent created, one file per namespace. A namespace itself cannot carry an owner mark.
/// </summary>
internal sealed class NamespaceRecords(StateFolder folder)
{
    // Changes with every boot of the machine, and namespaces do not survive a boot.
    private static readonly string BootId = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    public IReadOnlyList<NamespaceRecord> Read() =>
        [
            .. from file in Directory.EnumerateFiles(folder.NamespacesFolder)
            let content = TryRead(file)
            where content is not null
            select new NamespaceRecord(
                Path.GetFileName(file),
                new OwnerMark(content.Installation, content.Kind, content.Id),
                content.Boot == BootId
            ),
        ];

    public void Write(string name, OwnerMark mark)
    {
        var content = new NamespaceRecordFile(mark.Installation, mark.Kind, mark.Id, BootId);
        var text = JsonSerializer.Serialize(content, NamespaceRecordJson.Default.NamespaceRecordFile);
        folder.Write(Path.Join(Path.GetFileName(folder.NamespacesFolder), name), text, isSecret: false);
    }

    public void Delete(string name) => File.Delete(Path.Join(folder.NamespacesFolder, name));

    // A file that a power failure has cut off counts as missing.
    private static NamespaceRecordFile? TryRead(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), NamespaceRecordJson.Default.NamespaceRecordFile);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Content of a record's file.</summary>
internal sealed record NamespaceRecordFile(Guid Installation, string Kind, Guid Id, string Boot);

[JsonSerializable(typeof(NamespaceRecordFile))]
internal sealed partial class NamespaceRecordJson : JsonSerializerContext;
