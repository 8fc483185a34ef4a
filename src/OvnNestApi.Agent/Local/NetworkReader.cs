using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using OvnNestApi.Agent.Planning;

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

    /// <summary>Returns the devices of the root namespace and of those named namespaces that exist.</summary>
    /// <exception cref="Win32Exception">The kernel returned an error, for example because the caller is not root.</exception>
    public static Task<NetworkState> ReadAsync(IReadOnlyCollection<string> namespaces) => RunOnDedicatedThreadAsync(() => Read(namespaces));

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

    // Never a thread of the pool: it would run its next task in the entered namespace. This thread ends after the action.
    private static Task<T> RunOnDedicatedThreadAsync<T>(Func<T> action)
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

    private static NetworkState Read(IReadOnlyCollection<string> namespaces)
    {
        var root = Netlink.Read().Links;
        return new NetworkState(root, namespaces.Select(TryRead).OfType<NamespaceState>().ToDictionary(state => state.Name));
    }

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
            var (links, gateway) = Netlink.Read();
            var identity = new FileInfo("/proc/thread-self/ns/net").LinkTarget;
            return new NamespaceState(name, identity, links, gateway, ReadOrNull(resolvConf));
        }

        return Marshal.GetLastPInvokeError() is InvalidArgument // a plain file that remained after the namespace was deleted
            ? new NamespaceState(name, null, Link.NoLinks, null, ReadOrNull(resolvConf))
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
