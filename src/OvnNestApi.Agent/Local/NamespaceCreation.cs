using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Creates named network namespaces as ip-netns(8) does, but with an owner mark from the first moment: the alias of the loopback device. So
/// the namespace can be recognized whenever the agent ends, and without any file of the agent.
/// </summary>
internal static partial class NamespaceCreation
{
    private const int LoopbackIndex = 1;
    private const int NewNetworkNamespace = 0x40000000; // CLONE_NEWNET
    private const nuint Bind = 0x1000; // MS_BIND
    private const nuint Recursive = 0x4000; // MS_REC
    private const nuint Shared = 0x100000; // MS_SHARED

    /// <exception cref="IOException">The name exists.</exception>
    /// <exception cref="Win32Exception">The kernel returned an error.</exception>
    public static Task CreateAsync(string name, string mark) =>
        NetworkReader.RunOnDedicatedThreadAsync(() =>
        {
            PrepareFolder();
            var path = Path.Join(NetworkReader.NamespaceFolder, name);
            using (var file = new FileStream(path, FileMode.CreateNew))
            {
                file.Write(Encoding.UTF8.GetBytes(mark)); // read if the agent ends before the mount
            }

            Check(Unshare(NewNetworkNamespace));
            Netlink.SetAlias(LoopbackIndex, mark);
            Check(Mount("/proc/thread-self/ns/net", path, "none", Bind, 0));
            return true;
        });

    // A shared mount, so that a namespace that is deleted here does not stay alive in another mount namespace.
    private static void PrepareFolder()
    {
        const string folder = NetworkReader.NamespaceFolder;
        Directory.CreateDirectory(folder);
        if (Mount("", folder, "none", Shared | Recursive, 0) != 0)
        {
            Check(Mount(folder, folder, "none", Bind | Recursive, 0)); // it was not a mount point
            Check(Mount("", folder, "none", Shared | Recursive, 0));
        }
    }

    private static void Check(int result)
    {
        if (result != 0)
        {
            throw new Win32Exception();
        }
    }

    [LibraryImport("libc", EntryPoint = "unshare", SetLastError = true)]
    private static partial int Unshare(int flags);

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, nuint flags, nint data);
}
