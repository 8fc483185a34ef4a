using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OvnNestApi.Agent.Planning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Looks into many network namespaces without starting a process for each: a thread of its own walks through them (setns(2)) and asks
/// the kernel. About 0.1 ms a namespace, so a look every other second costs nothing worth mentioning.
/// </summary>
internal static partial class NetworkReader
{
    public const string NamespaceFolder = "/run/netns";
    public const string ConfigurationFolder = "/etc/netns";

    private const int NetworkNamespace = 0x40000000; // CLONE_NEWNET

    /// <summary>The host's own devices, and those of the named namespaces that exist.</summary>
    /// <exception cref="Win32Exception">The kernel refused, for instance because we are not root.</exception>
    public static Task<NetworkState> TakeAsync(IReadOnlyCollection<string> namespaces) => OnThreadOfItsOwn(() => Take(namespaces));

    /// <summary>Does something in a namespace, such as to start a process there.</summary>
    /// <exception cref="Win32Exception">There is no such namespace, or the kernel refused.</exception>
    public static Task RunInAsync(string name, Action action) =>
        OnThreadOfItsOwn(() =>
        {
            using var handle = TryOpen(Path.Join(NamespaceFolder, name));
            if (handle is null || Enter(handle, NetworkNamespace) != 0)
            {
                throw new Win32Exception($"cannot enter namespace {name}");
            }

            action();
            return true;
        });

    // Never a thread of the pool: it would take the next task into a foreign namespace. This one ends where it stands.
    private static Task<T> OnThreadOfItsOwn<T>(Func<T> look)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                done.SetResult(look());
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

    private static NetworkState Take(IReadOnlyCollection<string> namespaces)
    {
        var root = Netlink.Read().Links;
        var found = new Dictionary<string, NamespaceState>();
        foreach (var name in namespaces)
        {
            var path = Path.Join(NamespaceFolder, name);
            if (!File.Exists(path))
            {
                continue;
            }

            using var handle = TryOpen(path);
            if (handle is null)
            {
                continue;
            }

            var (links, gateway, identity) = ((IReadOnlyDictionary<string, Link>)Link.NoLinks, (string?)null, (string?)null);
            if (Enter(handle, NetworkNamespace) == 0)
            {
                (links, gateway) = Netlink.Read();
                identity = new FileInfo("/proc/thread-self/ns/net").LinkTarget;
            }
            else if (Marshal.GetLastPInvokeError() is not 22) // EINVAL: a plain file, left where a namespace was
            {
                throw new Win32Exception();
            }
            found[name] = new NamespaceState(
                name,
                identity,
                links,
                gateway,
                ReadOrNull(Path.Join(ConfigurationFolder, name, "resolv.conf"))
            );
        }
        return new NetworkState(root, found);
    }

    private static SafeFileHandle? TryOpen(string path)
    {
        try
        {
            return File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (FileNotFoundException)
        {
            return null; // gone since
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
