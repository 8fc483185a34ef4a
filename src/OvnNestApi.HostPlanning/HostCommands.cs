using System.Globalization;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning.Commands;
using Ovsdb;

namespace OvnNestApi.HostPlanning;

/// <summary>Writes plans as lines with <c>ovs-vsctl</c>, <c>ip</c> and what else a person would type.</summary>
/// <param name="integrationBridge">
/// Bridge from which a new bridge takes its datapath type, because the type is not known; null to use the type of the plan.
/// </param>
internal sealed class HostCommands(string? integrationBridge)
{
    /// <summary>Returns the lines of one plan, in the order in which the agent carries it out.</summary>
    public IEnumerable<string> Of(HostPlan plan)
    {
        var added = plan.Changes.OfType<AddBridge>().Select(bridge => bridge.Name).ToHashSet();
        return [.. plan.Changes.Select(change => Of(change, added)), .. plan.Steps.OrderBy(Order).SelectMany(Of)];
    }

    /// <summary>Returns the lines that remove a resource from a host whose state is not known.</summary>
    public static IEnumerable<string> Of(Removal removal, string integrationBridge)
    {
        if (removal.Kind is RemovalKind.Vm)
        {
            yield return Vsctl("--if-exists", "del-port", PatchNames.For(removal.Bridge, integrationBridge, removal.Id).OnIntegration);
            yield return Vsctl("--if-exists", "del-br", removal.Bridge);
        }
        else
        {
            yield return Vsctl("--if-exists", "del-port", removal.Bridge, removal.Interface);
        }

        var isGone = $"test ! -e {Shell.Quote($"/run/netns/{removal.Namespace}")}";
        yield return $"{isGone} || {Shell.Line("ip", "netns", "delete", removal.Namespace)}";
    }

    private string Of(OvsChange change, HashSet<string> added) =>
        change switch
        {
            RemoveBridge { Bridge: var bridge } => Vsctl("del-br", bridge.Name),
            RemovePort { Bridge: var bridge, Port: var port } => Vsctl("del-port", bridge.Name, port.Name),
            AddBridge bridge => $"{Vsctl("add-br", bridge.Name)} -- {Shell.Line("set", "Bridge", bridge.Name)}{DatapathType(bridge)} "
                + Shell.Line(DatabaseCommand.AssignKeys("external_ids", bridge.Mark.ExternalIds)),
            ChangeBridge { Bridge: var bridge } to => Vsctl(
                "set",
                "Bridge",
                bridge.Name,
                DatabaseCommand.Assign("datapath_type", to.DatapathType)
            ),
            AddPort { Port: var port } => Vsctl(Add(port, added.Contains(port.Name))),
            ChangePort { Port: var port, Ops: var ops } => Vsctl(
                DatabaseCommand.Join(ops.SelectMany(op => DatabaseCommand.Of(op, port.Name)))
            ),
            _ => throw new NotSupportedException($"{change} has no command."),
        };

    private string DatapathType(AddBridge bridge) =>
        integrationBridge is null
            ? $" {Shell.Line(DatabaseCommand.Assign("datapath_type", bridge.DatapathType))}"
            : $" datapath_type=\"$({Vsctl("get", "Bridge", integrationBridge, "datapath_type")})\"";

    /// <param name="hasBridge">True if the port belongs to a new bridge, with which it was added.</param>
    private static IEnumerable<string> Add(WantedPort port, bool hasBridge)
    {
        var columns = new List<string>();
        if (port.Tag is { } tag)
        {
            columns.Add(DatabaseCommand.Assign("tag", tag));
        }

        if (port.Trunks is { Count: > 0 } trunks)
        {
            columns.Add(DatabaseCommand.Assign("trunks", OvsdbValue.Set(trunks)));
        }

        columns.AddRange(DatabaseCommand.AssignKeys("external_ids", port.Mark.ExternalIds));
        var add = hasBridge ? DatabaseCommand.Set("Port", port.Name, columns) : ["add-port", port.Bridge, port.Name, .. columns];
        return DatabaseCommand.Join([add, DatabaseCommand.Set("Interface", port.Name, Interface(port))]);
    }

    private static IEnumerable<string> Interface(WantedPort port)
    {
        if (port.Type.Length > 0)
        {
            yield return DatabaseCommand.Assign("type", port.Type);
        }

        if (port.Peer is { } peer)
        {
            yield return $"options:peer={DatabaseCommand.Text(peer)}";
        }

        if (port.Mac is { } mac)
        {
            yield return DatabaseCommand.Assign("mac", mac);
        }

        if (port.Mtu is { } mtu)
        {
            yield return DatabaseCommand.Assign("mtu_request", mtu);
        }

        foreach (var id in DatabaseCommand.AssignKeys("external_ids", port.InterfaceExternalIds))
        {
            yield return id;
        }
    }

    /// <summary>The order in which the agent runs the steps of a plan.</summary>
    private static int Order(Step step) =>
        step switch
        {
            StopClient => 0,
            IpCommand { Namespace: not null } => 1,
            AddNamespace => 2,
            RemoveNamespace => 3,
            IpCommand => 4,
            WriteResolvConf => 5,
            _ => 6,
        };

    private static IEnumerable<string> Of(Step step) =>
        step switch
        {
            StopClient stop => [Shell.Line("kill", stop.Pid.ToString(CultureInfo.InvariantCulture))],
            // The words of the line are validated and contain nothing that the shell interprets.
            IpCommand { Namespace: { } place, Line: var line } => [$"{Shell.Line("ip", "-n", place)} {line}"],
            IpCommand { Line: var line } => [$"ip {line}"],
            AddNamespace add => [Shell.Line("ip", "netns", "add", add.Namespace), .. ResolvConf(add.Namespace, "")],
            RemoveNamespace { Exists: true } remove =>
            [
                Shell.Line("ip", "netns", "delete", remove.Namespace),
                Shell.Line("rm", "-f", PathOf(remove.Namespace)),
            ],
            RemoveNamespace remove => [Shell.Line("rm", "-f", PathOf(remove.Namespace))],
            WriteResolvConf write => ResolvConf(write.Namespace, write.Text),
            StartClient start => [Shell.Line("ip", "netns", "exec", start.Namespace, "udhcpc", "-b", "-i", start.Device)],
            RecordNamespace => [], // a file of the agent only
            _ => throw new NotSupportedException($"{step} has no command."),
        };

    private static IEnumerable<string> ResolvConf(string place, string text) =>
        [
            Shell.Line("mkdir", "-p", $"/etc/netns/{place}"),
            $"{Shell.Line("printf", "%b", text.Replace("\n", "\\n", StringComparison.Ordinal))} >{Shell.Quote(PathOf(place))}",
        ];

    private static string PathOf(string place) => $"/etc/netns/{place}/resolv.conf";

    private static string Vsctl(params IEnumerable<string> words) => Shell.Line(words.Prepend("ovs-vsctl"));
}
