using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using OvnNestApi.Agent.Planning;
using OvnNestApi.Agent.State;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// The DHCP clients in our namespaces (busybox's udhcpc). They outlive the agent, so what is known of them is read from the processes that
/// run: the pid file's path in the command line says whose client it is and which device it was started for.
/// </summary>
internal sealed partial class DhcpClients
{
    // They get an address, a default route and name servers from OVN; all that goes to the namespace, never to the host's files.
    private const string EventScript = """
        #!/bin/sh
        # What a DHCP client of the OvnNestApi agent runs on each event; $1 is the event, udhcpc puts what it knows into variables.
        # NEST_LEASE: where the agent looks; last written and first removed. NEST_RESOLV_CONF: the namespace's own.
        set -eu
        case $1 in
          deconfig)
            rm -f "$NEST_LEASE"
            ip -4 address flush dev "$interface"
            ;;
          bound | renew)
            gateway=${router:-}
            gateway=${gateway%% *}
            ip -4 address replace "$ip/$mask" broadcast + dev "$interface"
            if [ -n "$gateway" ]; then ip -4 route replace default via "$gateway" dev "$interface"; fi
            mkdir -p "${NEST_RESOLV_CONF%/*}"
            {
              if [ -n "${domain:-}" ]; then echo "search $domain"; fi
              for server in ${dns:-}; do echo "nameserver $server"; done
            } >"$NEST_RESOLV_CONF"
            echo "$ip/$mask $gateway" >"$NEST_LEASE.new"
            mv -f "$NEST_LEASE.new" "$NEST_LEASE"
            ;;
        esac

        """;

    private readonly StateFolder _state;

    public DhcpClients(StateFolder state)
    {
        _state = state;
        var draft = $"{state.DhcpEventScript}.new";
        File.WriteAllText(draft, EventScript);
        File.SetUnixFileMode(draft, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        File.Move(draft, state.DhcpEventScript, overwrite: true); // a client that runs may be reading the old one
    }

    /// <summary>Every client of ours that runs, wherever.</summary>
    public IReadOnlyList<DhcpClient> Find()
    {
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return [.. Directory.EnumerateDirectories("/proc").Select(folder => TryRead(folder, uptime)).OfType<DhcpClient>()];
    }

    /// <summary>Starts a client in a namespace, in a session of its own, without a terminal or a pipe to us: it goes on when the agent ends.</summary>
    /// <exception cref="Win32Exception">There is no such namespace.</exception>
    /// <exception cref="FileNotFoundException">There is no udhcpc on this host.</exception>
    public Task StartAsync(StartClient step)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':');
        if (!folders.Any(folder => File.Exists(Path.Join(folder, "udhcpc"))))
        {
            throw new FileNotFoundException("udhcpc is not installed on this host");
        }

        Forget(step.ResourceId);
        // A constant script that only passes its arguments on.
        var start = new ProcessStartInfo(
            "setsid",
            [
                "sh",
                "-c",
                "exec \"$@\" </dev/null >/dev/null 2>&1",
                "sh",
                // In the foreground of its session: its pid stays the same. Five questions, one a second, then a pause of three; for ever.
                "udhcpc",
                "-f",
                "-i",
                step.Device,
                "-p",
                PidFile(step.ResourceId, step.Index),
                "-s",
                _state.DhcpEventScript,
                "-t",
                "5",
                "-T",
                "1",
                "-A",
                "3",
            ]
        )
        {
            WorkingDirectory = "/",
        };
        // The agent's own settings are none of its business.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("NEST_", StringComparison.Ordinal)).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["NEST_LEASE"] = LeaseFile(step.ResourceId);
        start.Environment["NEST_RESOLV_CONF"] = Path.Join(NetworkReader.ConfigurationFolder, step.Namespace, "resolv.conf");
        return NetworkReader.RunInAsync(step.Namespace, () => Process.Start(start)?.Dispose());
    }

    /// <summary>Ends a client, if the process is still that client.</summary>
    public void Stop(StopClient step)
    {
        if (TryRead($"/proc/{step.Pid}", 0)?.Id == step.ResourceId)
        {
            _ = Kill(step.Pid, 9); // it has nothing to tidy up that the agent does not
        }

        Forget(step.ResourceId);
    }

    /// <summary>Deletes what an object's former clients have left.</summary>
    public void Forget(Guid id)
    {
        File.Delete(LeaseFile(id));
        foreach (var file in Directory.EnumerateFiles(_state.ClientsFolder, $"{id:N}-*.pid"))
        {
            File.Delete(file);
        }
    }

    private string LeaseFile(Guid id) => Path.Join(_state.ClientsFolder, $"{id:N}.lease");

    private string PidFile(Guid id, int index) =>
        Path.Join(_state.ClientsFolder, string.Create(CultureInfo.InvariantCulture, $"{id:N}-{index}.pid"));

    private DhcpClient? TryRead(string folder, double uptime)
    {
        if (!int.TryParse(Path.GetFileName(folder.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
        {
            return null;
        }

        try
        {
            var argument = File.ReadAllText($"{folder}/cmdline")
                .Split('\0')
                .FirstOrDefault(word => word.StartsWith($"{_state.ClientsFolder}/", StringComparison.Ordinal));
            if (
                Path.GetFileNameWithoutExtension(argument)?.Split('-') is not [var text, var number]
                || !Guid.TryParseExact(text, "N", out var id)
                || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
                || new FileInfo($"{folder}/ns/net").LinkTarget is not { } place
            )
            {
                return null;
            }
            // proc(5): the 22nd field, counted after the name in parentheses; in hundredths of a second since the start of the machine.
            var stat = File.ReadAllText($"{folder}/stat");
            var started = long.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19], CultureInfo.InvariantCulture) / 100.0;
            return new DhcpClient(id, pid, place, index, TimeSpan.FromSeconds(Math.Max(0, uptime - started)), ReadLease(id));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it ended while we looked
        }
    }

    private DhcpLease? ReadLease(Guid id)
    {
        try
        {
            return
                File.ReadAllText(LeaseFile(id)).TrimEnd('\n').Split(' ') is [var address, var router]
                && address.Contains('/', StringComparison.Ordinal)
                ? new DhcpLease(address, router.Length > 0 ? router : null)
                : null;
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
