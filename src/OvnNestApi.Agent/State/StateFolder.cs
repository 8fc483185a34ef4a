using System.Text;

namespace OvnNestApi.Agent.State;

/// <summary>
/// Folder in which the agent keeps its files. A lock file makes sure that only one agent uses it. A command that only reads needs no lock.
/// </summary>
internal sealed class StateFolder : IDisposable
{
    private readonly string _folder;
    private readonly FileStream? _lock;
    private readonly Lock _writeLock = new();

    /// <param name="isReadOnly">True to read the files of an agent that may be running, and to change nothing.</param>
    /// <exception cref="IOException">Another agent uses the folder.</exception>
    public StateFolder(string folder, bool isReadOnly = false)
    {
        _folder = Path.GetFullPath(folder);
        IsReadOnly = isReadOnly;
        if (isReadOnly)
        {
            return;
        }

        CreateFolders();
        try
        {
            _lock = new FileStream(Path.Join(_folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"Another agent uses the folder {_folder}: stop it first.", e);
        }
    }

    /// <summary>True if nothing may be written.</summary>
    public bool IsReadOnly { get; }

    /// <summary>
    /// Folder of the DHCP clients' pid and lease files, named by resource id. The agent recognizes its clients by this path in their
    /// command line.
    /// </summary>
    public string ClientsFolder => Path.Join(_folder, "clients");

    /// <summary>Path of the script that DHCP clients run on every event.</summary>
    public string DhcpEventScript => Path.Join(_folder, "dhcp-event");

    /// <summary>Folder of the records of namespaces.</summary>
    public string NamespacesFolder => Path.Join(_folder, "namespaces");

    /// <summary>Creates the folder, and in it those for records and clients, if they are missing.</summary>
    public void CreateFolders()
    {
        Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        Directory.CreateDirectory(NamespacesFolder);
        Directory.CreateDirectory(ClientsFolder);
    }

    public string PathOf(string name) => Path.Join(_folder, name);

    /// <summary>Reads a file without surrounding white space; null if the file does not exist.</summary>
    public string? ReadOrNull(string name)
    {
        var path = PathOf(name);
        return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
    }

    /// <summary>Replaces a file atomically: after a crash, it has either its old or its new content.</summary>
    /// <param name="isSecret">
    /// True: only the owner can read the file, and it is on disk before the method returns. False: everyone can read it, and a power
    /// failure may lose it.
    /// </param>
    /// <exception cref="InvalidOperationException">The folder is read only.</exception>
    public void Write(string name, string text, bool isSecret)
    {
        if (IsReadOnly)
        {
            throw new InvalidOperationException($"{PathOf(name)} must not be written: the folder is read only.");
        }

        var mode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        if (!isSecret)
        {
            mode |= UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        }

        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = mode,
        };
        var temporary = PathOf(".writing");
        lock (_writeLock)
        {
            File.Delete(temporary);
            using (var file = new FileStream(temporary, options))
            {
                file.Write(Encoding.UTF8.GetBytes(text));
                file.Flush(flushToDisk: isSecret);
            }

            File.Move(temporary, PathOf(name), overwrite: true);
        }
    }

    public void Dispose() => _lock?.Dispose();
}
