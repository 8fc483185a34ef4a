using System.Collections.Concurrent;
using System.ComponentModel;
using System.Globalization;
using System.Text.RegularExpressions;
using OvnNestApi.Agent.Planning;
using OvnNestApi.Agent.State;

namespace OvnNestApi.Agent.Local;

/// <summary>
/// Carries out the steps of a plan that are not OVS's: namespaces, devices, addresses, DHCP clients. Few processes for many steps; one that
/// fails stops no other.
/// </summary>
internal sealed partial class StepRunner(StateFolder state, DhcpClients clients)
{
    private const int AtOnce = 4;

    /// <summary>Does the steps; gives what failed, by object, in a sentence.</summary>
    public async Task<IReadOnlyDictionary<Guid, string>> ApplyAsync(IReadOnlyList<Step> steps, CancellationToken ct)
    {
        var failures = new ConcurrentDictionary<Guid, string>();
        foreach (var step in steps.OfType<StopClient>())
        {
            clients.Stop(step);
        }

        // What is inside a namespace goes before the namespace does.
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct };
        var inside = steps.OfType<IpCommand>().Where(step => step.Namespace is not null).GroupBy(step => step.Namespace ?? "");
        await Parallel.ForEachAsync(inside, parallel, async (group, token) =>
            await BatchAsync(["-n", group.Key], [.. group.Select(step => (step.ResourceId, step.Line))], failures, token)
        );

        foreach (var step in steps.OfType<AddNamespace>())
        {
            // Noted first: what is made and not noted would be foreign after a crash.
            state.WriteNote(step.Namespace, step.Mark);
            WriteResolvConf(step.Namespace, "");
        }
        await BatchAsync(
            [],
            [
                .. steps
                    .OfType<RemoveNamespace>()
                    .Where(step => step.Exists)
                    .Select(step => (step.ResourceId, $"netns delete {step.Namespace}")),
                .. steps.OfType<AddNamespace>().Select(step => (step.ResourceId, $"netns add {step.Namespace}")),
                .. steps.OfType<IpCommand>().Where(step => step.Namespace is null).Select(step => (step.ResourceId, step.Line)),
            ],
            failures,
            ct
        );

        // The note goes last: until then the next look finds what is still to be removed.
        foreach (
            var step in steps
                .OfType<RemoveNamespace>()
                .Where(step => !step.Exists || !File.Exists(Path.Join(NetworkReader.NamespaceFolder, step.Namespace)))
        )
        {
            clients.Forget(step.ResourceId);
            DeleteResolvConf(step.Namespace);
            state.DeleteNote(step.Namespace);
        }
        foreach (var step in steps.OfType<WriteResolvConf>())
        {
            WriteResolvConf(step.Namespace, step.Text);
        }

        foreach (var step in steps.OfType<StartClient>())
        {
            await StartAsync(step, failures);
        }

        return failures;
    }

    private async Task StartAsync(StartClient step, ConcurrentDictionary<Guid, string> failures)
    {
        try
        {
            await clients.StartAsync(step);
        }
        catch (Exception e) when (e is Win32Exception or FileNotFoundException)
        {
            failures.TryAdd(step.ResourceId, $"DHCP client for {step.Device}: {e.Message}");
        }
    }

    /// <summary>One <c>ip</c> for many lines (ip(8)); it goes on after a failure and says which lines failed.</summary>
    private static async Task BatchAsync(
        string[] arguments,
        IReadOnlyList<(Guid ResourceId, string Line)> lines,
        ConcurrentDictionary<Guid, string> failures,
        CancellationToken ct
    )
    {
        if (lines.Count == 0)
        {
            return;
        }

        var (status, errors) = await Command.RunAsync("ip", [.. arguments, "-force", "-batch", "-"], lines.Select(line => line.Line), ct);
        if (status == 0)
        {
            return;
        }

        // "RTNETLINK answers: File exists" and whatever else, then "Command failed -:3".
        var told = false;
        var words = new List<string>();
        foreach (var line in errors.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (
                FailedLine().Match(line) is { Success: true } match
                && int.Parse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture) is var number
                && number <= lines.Count
            )
            {
                var (id, command) = lines[number - 1];
                failures.TryAdd(id, $"ip {string.Join(' ', [.. arguments, command])}: {string.Join("; ", words)}");
                told = true;
                words.Clear();
            }
            else
            {
                words.Add(line);
            }
        }
        if (!told)
        {
            foreach (var (id, _) in lines)
            {
                failures.TryAdd(id, $"ip {string.Join(' ', arguments)}: {errors.Trim()}");
            }
        }
    }

    // In place: in the mount namespaces that "ip netns exec" makes, the file itself is mounted on /etc/resolv.conf.
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
        if (!Directory.EnumerateFileSystemEntries(folder).Any()) // an operator may have put other files there
        {
            Directory.Delete(folder);
        }
    }

    [GeneratedRegex("^Command failed -:([0-9]{1,6})$", RegexOptions.CultureInvariant)]
    private static partial Regex FailedLine();
}
