using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// The command lines by which a person would bring a host to its work: what the agent does in all rounds of a pass. Pure.
/// </summary>
internal static class HostScript
{
    // A device takes five rounds, and a removal before it three more.
    private const int MaxRounds = 20;

    /// <summary>Returns the lines for a host in this state, and after them a comment for each error that remains.</summary>
    public static IReadOnlyList<string> Of(HostWork work, ObservedState observed)
    {
        var forecast = new HostForecast(observed);
        var lines = new List<string>();
        var last = Carry(forecast, work, lines, new HostCommands(null));
        lines.AddRange(
            last.Report.Objects.Where(item => item.Error is not null).Select(item => Commands.Shell.Comment($"{item.Id}: {item.Error}"))
        );
        return lines;
    }

    /// <summary>
    /// Returns the lines for a host that has nothing but its integration bridge, or the work <paramref name="before"/> in place.
    /// </summary>
    public static IReadOnlyList<string> Of(HostWork work, HostWork? before = null)
    {
        var forecast = new HostForecast(Empty(work.IntegrationBridge));
        var commands = new HostCommands(work.IntegrationBridge);
        if (before is not null)
        {
            Carry(forecast, before, [], commands);
        }

        var lines = new List<string>();
        Carry(forecast, work, lines, commands);
        lines.AddRange(work.Remove.SelectMany(removal => HostCommands.Of(removal, work.IntegrationBridge)));
        return lines;
    }

    /// <summary>Adds the lines of all plans until one is empty. Returns that plan.</summary>
    private static HostPlan Carry(HostForecast forecast, HostWork work, List<string> lines, HostCommands commands)
    {
        for (var round = 1; ; round++)
        {
            var plan = HostPlan.For(work, forecast.State);
            if (plan.IsEmpty || round > MaxRounds)
            {
                return plan;
            }

            lines.AddRange(commands.Of(plan));
            forecast.Add(plan);
        }
    }

    private static ObservedState Empty(string integrationBridge)
    {
        var bridge = new OvsBridge(Guid.NewGuid(), integrationBridge, "", new Dictionary<string, string>(), []);
        var ovs = new OvsState(Guid.NewGuid(), null, null, new(null, null), HasUnappliedChange: false, [bridge]);
        return new(ovs, new(Link.NoLinks, new Dictionary<string, NamespaceState>(), []), [], []);
    }
}
