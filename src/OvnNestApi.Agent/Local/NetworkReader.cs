using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Reads many network namespaces without a process for each: a dedicated thread enters them one after the other (setns(2)) and queries the
/// kernel. One namespace takes about 0.1 ms.
/// </summary>
internal static partial class NetworkReader
{
    /// <summary>Folder in which <c>ip netns</c> keeps one file per named namespace.</summary>
    public const string NamespaceFolder = "/run/netns";

    /// <summary>Folder with the configuration files of named namespaces, such as resolv.conf (ip-netns(8)).</summary>
    public const string ConfigurationFolder = "/etc/netns";

    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET
    private const int InvalidArgument = 22; // EINVAL

    /// <summary>Returns the devices of the root namespace and of the named namespaces.</summary>
    /// <param name="wanted">Names whose namespaces must be readable; others are left out if they are not.</param>
    /// <param name="withOthers">Also returns the devices in namespaces without a name; see <see cref="NetworkState.Others"/>.</param>
    /// <exception cref="Win32Exception">The kernel returned an error, for example because the caller is not root.</exception>
    public static Task<NetworkState> ReadAsync(IReadOnlySet<string> wanted, bool withOthers) =>
        RunOnDedicatedThreadAsync(() => Read(wanted, withOthers));

    /// <summary>Runs an action in a namespace, for example to start a process there.</summary>
    /// <exception cref="Win32Exception">The namespace does not exist, or the kernel returned an error.</exception>
    public static Task RunInNamespaceAsync(string name, Action action) =>
        RunOnDedicatedThreadAsync(() =>
        {
            using var handle = TryOpen(Path.Join(NamespaceFolder, name));
            if (handle is null || Enter(handle, NetworkNamespace) != 0)
            {
                throw new Win32Exception($"cannot enter namespace {name}");
            }

            action();
            return true;
        });

    /// <summary>
    /// Runs an action on a thread of its own, which ends after the action. A thread of the pool would run its next task in the namespace
    /// that the action entered.
    /// </summary>
    public static Task<T> RunOnDedicatedThreadAsync<T>(Func<T> action)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(action());
            }
            catch (Exception e)
            {
                done.SetException(e);
            }
        })
        {
            IsBackground = true,
            Name = "network namespaces",
        }.Start();
        return done.Task;
    }

    private static NetworkState Read(IReadOnlySet<string> wanted, bool withOthers)
    {
        var (root, identity) = (Netlink.Read().Links, ReadIdentity());
        var namespaces = new Dictionary<string, NamespaceState>();
        foreach (var path in Directory.Exists(NamespaceFolder) ? Directory.GetFiles(NamespaceFolder) : [])
        {
            var name = Path.GetFileName(path);
            try
            {
                if (TryRead(name) is { } state)
                {
                    namespaces[name] = state;
                }
            }
            catch (Exception e) when (!wanted.Contains(name) && e is Win32Exception or IOException or UnauthorizedAccessException)
            {
                // Another program's namespace; the agent does not need it.
            }
        }

        var known = namespaces.Values.Select(state => state.Identity).Append(identity).ToHashSet();
        return new NetworkState(root, namespaces, withOthers ? [.. ReadOthers(known)] : []);
    }

    // A namespace without a name is found through a process in it.
    private static IEnumerable<Link> ReadOthers(HashSet<string?> known) =>
        Directory
            .EnumerateDirectories("/proc")
            .Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]))
            .Select(folder => $"{folder}/ns/net")
            .Where(path => TryReadLink(path) is { } identity && known.Add(identity))
            .SelectMany(ReadForeignLinks)
            .Where(link => link.Owner is not null || link.IsOvsDevice);

    private static IEnumerable<Link> ReadForeignLinks(string path)
    {
        try
        {
            using var handle = TryOpen(path);
            return handle is not null && Enter(handle, NetworkNamespace) == 0 ? Netlink.Read().Links.Values : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return []; // the process has ended
        }
    }

    private static string? TryReadLink(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the process has ended
        }
    }

    private static string? ReadIdentity() => new FileInfo("/proc/thread-self/ns/net").LinkTarget;

    private static NamespaceState? TryRead(string name)
    {
        var path = Path.Join(NamespaceFolder, name);
        if (!File.Exists(path))
        {
            return null;
        }

        using var handle = TryOpen(path);
        if (handle is null)
        {
            return null;
        }

        var resolvConf = Path.Join(ConfigurationFolder, name, "resolv.conf");
        if (Enter(handle, NetworkNamespace) == 0)
        {
            var (links, routes) = Netlink.Read();
            return new NamespaceState(name, ReadIdentity(), links, routes, ReadOrNull(resolvConf));
        }

        return Marshal.GetLastPInvokeError() is InvalidArgument // a plain file: the namespace was deleted, or not created completely
            ? new NamespaceState(name, null, Link.NoLinks, [], ReadOrNull(resolvConf), ReadOrNull(path))
            : throw new Win32Exception();
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null; // deleted in the meantime
        }
    }

    private static string? ReadOrNull(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "setns", SetLastError = true)]
    private static partial int Enter(SafeFileHandle handle, int kind);
}
