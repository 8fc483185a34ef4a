using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Runtime.InteropServices;
using System.Text;
using OvnNestApi.Agent.State;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// DHCP clients in our namespaces (udhcpc of busybox). They keep running after the agent ends, so the agent finds them in <c>/proc</c>: the
/// path of the pid file in a client's command line contains the resource id and the interface index of its device.
/// </summary>
internal sealed partial class DhcpClients
{
    // Sets the address, and the default route so that a new lease is useful at once. The agent writes resolv.conf and corrects the route,
    // because the work, not the lease, says what they must be.
    private const string EventScript = """
        #!/bin/sh
        # Run by a DHCP client of the OvnNestApi agent on every event. $1 is the event; udhcpc passes the lease in variables.
        # NEST_LEASE: file that the agent reads; written last and removed first. NEST_LEASE.keep: the first event keeps the address that
        # the device has.
        set -eu
        case $1 in
          deconfig)
            rm -f "$NEST_LEASE"
            if ! rm "$NEST_LEASE.keep" 2>/dev/null; then ip -4 address flush dev "$interface"; fi
            ;;
          bound | renew)
            gateway=${router:-}
            gateway=${gateway%% *}
            ip -4 address replace "$ip/$mask" broadcast + dev "$interface"
            if [ "$1" = bound ] && [ -n "$gateway" ]; then ip -4 route replace default via "$gateway" dev "$interface"; fi
            printf '%s\n' "$ip/$mask $gateway" "${lease:-}" "${dns:-}" "${domain:-}" >"$NEST_LEASE.new"
            mv -f "$NEST_LEASE.new" "$NEST_LEASE"
            ;;
        esac

        """;

    private static readonly string[] OtherClients = ["dhclient", "udhcpc", "dhcpcd"];

    private readonly StateFolder _state;
    private readonly byte[] _pidFilePrefix; // as it appears in a command line, whose arguments end with NUL
    private volatile IReadOnlyList<DhcpClient> _found = [];

    public DhcpClients(StateFolder state)
    {
        _state = state;
        _pidFilePrefix = Encoding.UTF8.GetBytes($"\0{state.ClientsFolder}/");
        if (!state.IsReadOnly)
        {
            WriteScript();
        }
    }

    /// <summary>Creates the files and folders that running clients and the agent need, if they were deleted.</summary>
    public void RestoreFiles()
    {
        if (!File.Exists(_state.DhcpEventScript) || !Directory.Exists(_state.ClientsFolder) || !Directory.Exists(_state.NamespacesFolder))
        {
            _state.CreateFolders();
            WriteScript();
        }
    }

    /// <summary>Returns all running clients of this agent, in any namespace.</summary>
    public IReadOnlyList<DhcpClient> Find()
    {
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return _found = [.. Directory.EnumerateDirectories("/proc").Select(folder => TryRead(folder, uptime)).OfType<DhcpClient>()];
    }

    /// <summary>True if a client that was last found has ended. Much cheaper than <see cref="Find"/>.</summary>
    public bool HasEnded() => _found.Any(client => Kill(client.Pid, 0) != 0);

    /// <summary>
    /// Starts a client in a namespace. It has its own session and neither a terminal nor a pipe to the agent, so that it keeps running when
    /// the agent ends.
    /// </summary>
    /// <exception cref="Win32Exception">The namespace does not exist.</exception>
    /// <exception cref="FileNotFoundException">udhcpc is not installed.</exception>
    public Task StartAsync(StartClient step)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':');
        if (!folders.Any(folder => File.Exists(Path.Join(folder, "udhcpc"))))
        {
            throw new FileNotFoundException("udhcpc is not installed; install busybox with udhcpc");
        }

        DeleteFiles(step.ResourceId);
        if (step.TakesOverIn is { } identity)
        {
            File.WriteAllText(KeepFile(step.ResourceId), "");
            KillOthers(identity);
        }

        var start = new ProcessStartInfo("setsid", ClientCommand(step)) { WorkingDirectory = "/" };
        // The client must not inherit the agent's settings.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("NEST_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["NEST_LEASE"] = LeaseFile(step.ResourceId);
        return NetworkReader.RunInNamespaceAsync(step.Namespace, () => Process.Start(start)?.Dispose());
    }

    /// <summary>Kills a client, if the process id still belongs to it.</summary>
    public void Stop(StopClient step)
    {
        if (TryRead($"/proc/{step.Pid}", 0)?.Id == step.ResourceId)
        {
            _ = Kill(step.Pid, 9); // SIGKILL: the client has nothing to clean up that the agent does not clean up
        }

        DeleteFiles(step.ResourceId);
    }

    /// <summary>Makes a client renew its lease, if the process id is still its own. If it is renewing already, it starts again.</summary>
    public void Renew(RenewLease step)
    {
        if (TryRead($"/proc/{step.Pid}", 0)?.Id == step.ResourceId)
        {
            _ = Kill(step.Pid, 10); // SIGUSR1
        }
    }

    /// <summary>Deletes the lease and pid files of a resource's former clients.</summary>
    public void DeleteFiles(Guid id)
    {
        File.Delete(LeaseFile(id));
        File.Delete(KeepFile(id));
        foreach (var file in Directory.EnumerateFiles(_state.ClientsFolder, $"{id:N}-*.pid"))
        {
            File.Delete(file);
        }
    }

    private void WriteScript()
    {
        var temporary = $"{_state.DhcpEventScript}.new";
        File.WriteAllText(temporary, EventScript);
        File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Move(temporary, _state.DhcpEventScript, overwrite: true); // a running client may be reading the old file
    }

    private string[] ClientCommand(StartClient step)
    {
        // A constant script that only redirects and runs its arguments.
        string[] shell = ["sh", "-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh"];
        // -f keeps the client in the foreground, so that its process id does not change.
        string[] client = ["udhcpc", "-f", "-i", step.Device, "-p", PidFile(step.ResourceId, step.Index), "-s", _state.DhcpEventScript];
        // Sends 5 requests, 1 s apart, then waits 3 s and starts again, forever.
        string[] timing = ["-t", "5", "-T", "1", "-A", "3"];
        return [.. shell, .. client, .. timing];
    }

    private string LeaseFile(Guid id) => Path.Join(_state.ClientsFolder, $"{id:N}.lease");

    private string KeepFile(Guid id) => $"{LeaseFile(id)}.keep";

    private string PidFile(Guid id, int index) =>
        Path.Join(_state.ClientsFolder, string.Create(CultureInfo.InvariantCulture, $"{id:N}-{index}.pid"));

    // Without a signal that it could handle, a client leaves the address on the device.
    private static void KillOthers(string networkNamespace)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (
                int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid)
                && IsOtherClient(folder, networkNamespace)
            )
            {
                _ = Kill(pid, 9);
            }
        }
    }

    private static bool IsOtherClient(string folder, string networkNamespace)
    {
        try
        {
            return new FileInfo($"{folder}/ns/net").LinkTarget == networkNamespace
                && OtherClients.Contains(File.ReadAllText($"{folder}/comm").TrimEnd('\n'));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // the process ended in the meantime
        }
    }

    private DhcpClient? TryRead(string folder, double uptime)
    {
        if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        try
        {
            if (
                ReadPidFileName($"{folder}/cmdline")?.Split('-') is not [var text, var number]
                || !Guid.TryParseExact(text, "N", out var id)
                || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                || new FileInfo($"{folder}/ns/net").LinkTarget is not { } place
            )
            {
                return null;
            }
            // proc(5): field 22 is the start time in 1/100 s since boot; fields are counted after the name in parentheses.
            var stat = File.ReadAllText($"{folder}/stat");
            var started = long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture) / 100.0;
            return new DhcpClient(id, pid, place, index, TimeSpan.FromSeconds(Math.Max(0, uptime - started)), ReadLease(id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // the process ended in the meantime
        }
    }

    /// <summary>Returns the name of the pid file in a command line, without its extension; null if there is none of our clients'.</summary>
    /// <remarks>Reads few bytes and creates no objects for other processes, because a host has hundreds of them.</remarks>
    private string? ReadPidFileName(string commandLine)
    {
        Span<byte> buffer = stackalloc byte[8 * 1024];
        using var file = File.OpenHandle(commandLine, share: FileShare.ReadWrite | FileShare.Delete);
        var text = buffer[..RandomAccess.Read(file, buffer, 0)];
        var start = text.IndexOf(_pidFilePrefix);
        if (start < 0)
        {
            return null;
        }

        text = text[(start + _pidFilePrefix.Length)..];
        var end = text.IndexOf((byte)0);
        return Path.GetFileNameWithoutExtension(Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
    }

    private DhcpLease? ReadLease(Guid id)
    {
        try
        {
            return ParseLease(File.ReadAllLines(LeaseFile(id)));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    // The texts are a DHCP server's. An earlier version of the agent wrote the first line only.
    private static DhcpLease? ParseLease(string[] lines)
    {
        if (
            lines is not [var first, ..]
            || first.Split(' ') is not [var address, var router]
            || !address.Contains('/', StringComparison.Ordinal)
        )
        {
            return null;
        }

        var lease = new DhcpLease(address, router is "" ? null : router, null, null, null);
        if (lines is not [_, var time, var servers, var domain])
        {
            return lease;
        }

        int? seconds = int.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
        string[] valid = [.. servers.Split(' ').Where(server => IPAddress.TryParse(server, out _))];
        return lease with { Time = seconds, DnsServers = valid, DomainName = WorkValidation.IsDomainName(domain) ? domain : null };
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
