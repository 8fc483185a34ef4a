using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using OvnNestApi.Agent.State;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Runs the steps of a plan: namespaces, devices, addresses and DHCP clients. One process serves many steps, and a failed step does not
/// stop the others.
/// </summary>
internal sealed partial class StepRunner(NamespaceRecords records, DhcpClients clients)
{
    private const int MaxParallelNamespaces = 4;

    /// <summary>Runs the steps; returns an error message per resource whose step failed.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> RunAsync(IReadOnlyList<Step> steps, CancellationToken cancellationToken)
    {
        var failures = new ConcurrentDictionary<Guid, string>();
        foreach (var step in steps.OfType<StopClient>())
        {
            clients.Stop(step);
        }

        foreach (var step in steps.OfType<RenewLease>())
        {
            clients.Renew(step);
        }

        await RunInsideNamespacesAsync(steps, failures, cancellationToken);
        await RunInRootNamespaceAsync(steps, failures, cancellationToken);
        DeleteRecords(steps);
        foreach (var step in steps.OfType<WriteResolvConf>())
        {
            WriteResolvConf(step.Namespace, step.Text);
        }

        foreach (var step in steps.OfType<StartClient>())
        {
            await StartClientAsync(step, failures);
        }

        return failures;
    }

    // Runs before namespaces are deleted, because it deletes devices in them.
    private static async Task RunInsideNamespacesAsync(
        IReadOnlyList<Step> steps,
        ConcurrentDictionary<Guid, string> failures,
        CancellationToken cancellationToken
    )
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = MaxParallelNamespaces, CancellationToken = cancellationToken };
        var groups = steps.OfType<IpCommand>().Where(step => step.Namespace is not null).GroupBy(step => step.Namespace ?? "");
        await Parallel.ForEachAsync(groups, options, async (group, token) =>
            await RunIpAsync(["-n", group.Key], [.. group.Select(step => (step.ResourceId, step.Line))], failures, token)
        );
    }

    private async Task RunInRootNamespaceAsync(
        IReadOnlyList<Step> steps,
        ConcurrentDictionary<Guid, string> failures,
        CancellationToken cancellationToken
    )
    {
        foreach (var step in steps.OfType<RecordNamespace>())
        {
            records.Write(step.Namespace, step.Mark);
        }

        foreach (var step in steps.OfType<AddNamespace>())
        {
            await AddNamespaceAsync(step, failures);
        }

        (Guid, string)[] lines =
        [
            .. steps
                .OfType<RemoveNamespace>()
                .Where(step => step.Exists)
                .Select(step => (step.ResourceId, $"netns delete {step.Namespace}")),
            .. steps.OfType<IpCommand>().Where(step => step.Namespace is null).Select(step => (step.ResourceId, step.Line)),
        ];
        await RunIpAsync([], lines, failures, cancellationToken);
    }

    private async Task AddNamespaceAsync(AddNamespace step, ConcurrentDictionary<Guid, string> failures)
    {
        // The record comes first, so that the agent finds the configuration files after a crash.
        records.Write(step.Namespace, step.Mark);
        WriteResolvConf(step.Namespace, "");
        try
        {
            await NamespaceCreation.CreateAsync(step.Namespace, step.Mark.Alias);
        }
        catch (Exception e) when (e is Win32Exception or IOException)
        {
            failures.TryAdd(step.ResourceId, $"namespace {step.Namespace} was not created: {e.Message}");
        }
    }

    // The record is deleted last, so that after a crash the agent finds what is still to be removed.
    private void DeleteRecords(IReadOnlyList<Step> steps)
    {
        foreach (var step in steps.OfType<RemoveNamespace>())
        {
            if (step.Exists && File.Exists(Path.Join(NetworkReader.NamespaceFolder, step.Namespace)))
            {
                continue;
            }

            clients.DeleteFiles(step.ResourceId);
            DeleteResolvConf(step.Namespace);
            records.Delete(step.Namespace);
        }
    }

    private async Task StartClientAsync(StartClient step, ConcurrentDictionary<Guid, string> failures)
    {
        try
        {
            await clients.StartAsync(step);
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException)
        {
            failures.TryAdd(step.ResourceId, $"the DHCP client for {step.Device} did not start: {e.Message}");
        }
    }

    /// <summary>
    /// Runs one <c>ip</c> process for many lines (ip(8)). It continues after a failed line and prints the number of that line.
    /// </summary>
    private static async Task RunIpAsync(
        string[] arguments,
        (Guid ResourceId, string Line)[] lines,
        ConcurrentDictionary<Guid, string> failures,
        CancellationToken cancellationToken
    )
    {
        if (lines.Length == 0)
        {
            return;
        }

        var (status, errors) = await Command.RunAsync(
            "ip",
            [.. arguments, "-force", "-batch", "-"],
            lines.Select(line => line.Line),
            cancellationToken
        );
        if (status != 0 && !AddFailures(arguments, lines, errors, failures))
        {
            foreach (var (id, _) in lines)
            {
                failures.TryAdd(id, $"ip {string.Join(' ', arguments)}: {errors.Trim()}");
            }
        }
    }

    /// <summary>Assigns the messages of <c>ip</c> to the failed lines; returns false if no message names a line.</summary>
    private static bool AddFailures(
        string[] arguments,
        (Guid ResourceId, string Line)[] lines,
        string errors,
        ConcurrentDictionary<Guid, string> failures
    )
    {
        // Messages such as "RTNETLINK answers: File exists" come first, then "Command failed -:3".
        var hasFound = false;
        var messages = new List<string>();
        foreach (var line in errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (
                FailedLine().Match(line) is { Success: true } match
                && int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var number
                && number <= lines.Length
            )
            {
                var (id, command) = lines[number - 1];
                if (!IsGone(command, messages))
                {
                    failures.TryAdd(id, $"ip {string.Join(' ', [.. arguments, command])}: {string.Join("; ", messages)}");
                }

                hasFound = true;
                messages.Clear();
            }
            else
            {
                messages.Add(line);
            }
        }

        return hasFound;
    }

    // ovs-vswitchd deletes the device of a port that it recreates, also after the device was observed.
    private static bool IsGone(string command, List<string> messages) =>
        command.StartsWith("link delete ", StringComparison.Ordinal)
        && messages.Exists(message => message.StartsWith("Cannot find device", StringComparison.Ordinal));

    // Writes in place: "ip netns exec" bind-mounts this very file on /etc/resolv.conf, so a replaced file would not be seen.
    private static void WriteResolvConf(string name, string text)
    {
        var folder = Path.Join(NetworkReader.ConfigurationFolder, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Join(folder, "resolv.conf"), text);
    }

    private static void DeleteResolvConf(string name)
    {
        var folder = Path.Join(NetworkReader.ConfigurationFolder, name);
        if (!Directory.Exists(folder))
        {
            return;
        }

        File.Delete(Path.Join(folder, "resolv.conf"));
        if (!Directory.EnumerateFileSystemEntries(folder).Any()) // an operator may have added other files
        {
            Directory.Delete(folder);
        }
    }

    [GeneratedRegex("^Command failed -:([0-9]{1,6})$", RegexOptions.CultureInvariant)]
    private static partial Regex FailedLine();
}
