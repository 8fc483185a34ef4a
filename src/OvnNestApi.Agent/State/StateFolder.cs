using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using OvnNestApi.Agent.Planning;

namespace OvnNestApi.Agent.State;

/// <summary>What the agent keeps on disk: its key, its host's name, and notes about what it made. One agent at a time.</summary>
internal sealed class StateFolder : IDisposable
{
    // Another start of the machine has other namespaces.
    private static readonly string Boot = File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly Lock _writing = new();

    /// <exception cref="IOException">Another agent works with this folder.</exception>
    public StateFolder(string folder)
    {
        _folder = Path.GetFullPath(folder);
        const UnixFileMode ours = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(_folder, ours);
        Directory.CreateDirectory(NotesFolder);
        Directory.CreateDirectory(ClientsFolder);
        try
        {
            _lock = new FileStream(Path.Join(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another agent works with {_folder}.", e);
        }
    }

    /// <summary>Where DHCP clients' pid and lease files lie, named by the object's id. A client is known as ours by this path in its command line.</summary>
    public string ClientsFolder => Path.Join(_folder, "clients");

    /// <summary>The program that DHCP clients run on events.</summary>
    public string DhcpEventScript => Path.Join(_folder, "dhcp-event");

    public string KeyFile => Path.Join(_folder, "key");

    private string NotesFolder => Path.Join(_folder, "namespaces");

    /// <summary>The host's name, as the control plane calls it; null before the first enrolment.</summary>
    public string? Host => ReadOrNull("host");

    public void RememberHost(string name) => Write("host", name, secret: false);

    /// <summary>The agent's key: made at the first call, and on disk before anybody sees it, so that an enrolment can be repeated.</summary>
    /// <remarks>32 random bytes in base64url.</remarks>
    public string Key()
    {
        if (ReadOrNull("key") is { Length: > 0 } key)
        {
            return key;
        }

        key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        Write("key", key, secret: true);
        return key;
    }

    /// <summary>The namespaces that are noted as ours.</summary>
    public IReadOnlyList<NamespaceRecord> ReadNotes() =>
        [
            .. from file in Directory.EnumerateFiles(NotesFolder)
            let note = ReadNote(file)
            where note is not null
            select new NamespaceRecord(Path.GetFileName(file), new OwnerMark(note.Installation, note.Kind, note.Id), note.Boot == Boot),
        ];

    public void WriteNote(string name, OwnerMark mark) =>
        Write(
            Path.Join("namespaces", name),
            JsonSerializer.Serialize(new Note(mark.Installation, mark.Kind, mark.Id, Boot), NoteJson.Default.Note),
            secret: false
        );

    public void DeleteNote(string name) => File.Delete(Path.Join(NotesFolder, name));

    public void Dispose() => _lock.Dispose();

    // A note that was cut off by a crash says nothing, as if it were not there.
    private static Note? ReadNote(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), NoteJson.Default.Note);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string? ReadOrNull(string name)
    {
        var path = Path.Join(_folder, name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    // Whole or not at all: a crash at any point leaves the old file or the new one. A secret is on disk before it is used;
    // notes about namespaces need not survive the machine.
    private void Write(string name, string text, bool secret)
    {
        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | (secret ? 0 : UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        var draft = Path.Join(_folder, ".writing");
        lock (_writing)
        {
            File.Delete(draft);
            using (
                var file = new FileStream(
                    draft,
                    new FileStreamOptions
                    {
                        Mode = FileMode.CreateNew,
                        Access = FileAccess.Write,
                        UnixCreateMode = mode,
                    }
                )
            )
            {
                file.Write(Encoding.UTF8.GetBytes(text));
                file.Flush(flushToDisk: secret);
            }
            File.Move(draft, Path.Join(_folder, name), overwrite: true);
        }
    }
}

internal sealed record Note(Guid Installation, string Kind, Guid Id, string Boot);

[JsonSerializable(typeof(Note))]
internal sealed partial class NoteJson : JsonSerializerContext;
