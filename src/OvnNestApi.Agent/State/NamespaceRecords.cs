using System.Text.Json;
using System.Text.Json.Serialization;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.State;

/// <summary>
/// Records of the namespaces that the agent created, one file per namespace. They only help to find the configuration files of namespaces
/// that have ended: ownership is read from the mark of the namespace itself.
/// </summary>
internal sealed class NamespaceRecords(StateFolder folder)
{
    public IReadOnlyList<NamespaceRecord> Read() =>
        [
            .. from file in Directory.Exists(folder.NamespacesFolder) ? Directory.EnumerateFiles(folder.NamespacesFolder) : []
            let content = TryRead(file)
            where content is not null
            select new NamespaceRecord(Path.GetFileName(file), new OwnerMark(content.Installation, content.Kind, content.Id)),
        ];

    public void Write(string name, OwnerMark mark)
    {
        var content = new NamespaceRecordFile(mark.Installation, mark.Kind, mark.Id);
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
internal sealed record NamespaceRecordFile(Guid Installation, string Kind, Guid Id);

[JsonSerializable(typeof(NamespaceRecordFile))]
internal sealed partial class NamespaceRecordJson : JsonSerializerContext;
