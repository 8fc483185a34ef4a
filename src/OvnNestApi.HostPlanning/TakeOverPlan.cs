using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Decides whether items that were made by hand fit an adopted resource. The agent gives them owner marks and repairs them in place, so
/// that traffic goes on; what would have to be created again is not taken over.
/// </summary>
internal static class TakeOverPlan
{
    /// <summary>Returns why the bridge cannot be taken over; null if it can.</summary>
    public static Obstacle? FindBridgeObstacle(OvsBridge bridge, string datapathType) =>
        bridge.DatapathType == datapathType
            ? null
            : Refuse($"bridge {bridge.Name}", $"its datapath type is '{bridge.DatapathType}', not '{datapathType}'");

    /// <summary>Returns why the port cannot be taken over; null if it can.</summary>
    public static Obstacle? FindPortObstacle(WantedPort wanted, OvsBridge bridge, OvsPort port)
    {
        var difference = port.Interfaces is [var only]
            ? FindDifference(wanted, bridge, port, only)
            : "it does not have exactly one interface";
        return difference is null ? null : Refuse($"port {port.Name}", difference);
    }

    /// <summary>Returns why the namespace cannot be taken over; null if it can.</summary>
    public static Obstacle? FindNamespaceObstacle(NamespaceState place, DeviceWork device) =>
        place.Links.GetValueOrDefault(device.Interface) is { IsOvsDevice: true, Owner: null }
            ? null
            : Refuse($"namespace {place.Name}", $"device {device.Interface} of Open vSwitch is not in it");

    private static string? FindDifference(WantedPort wanted, OvsBridge bridge, OvsPort port, OvsInterface only)
    {
        var (peer, ifaceId) = (only.Options.GetValueOrDefault("peer"), only.ExternalIds.GetValueOrDefault(OvsChanges.IfaceIdKey));
        (bool Fits, string Difference)[] conditions =
        [
            (bridge.Name == wanted.Bridge, $"it is on bridge {bridge.Name}, not on {wanted.Bridge}"),
            (only.Name == port.Name, $"its interface is {only.Name}"),
            (only.Type == wanted.Type || (only.Type, wanted.Type) is ("system", ""), $"its type is '{only.Type}', not '{wanted.Type}'"),
            ((port.Tag ?? 0) == (wanted.Tag ?? 0), $"its tag is {port.Tag ?? 0}, not {wanted.Tag ?? 0}"),
            (peer == wanted.Peer, $"its peer is '{peer}', not '{wanted.Peer}'"),
            (ifaceId == wanted.IfaceId, $"its iface-id is '{ifaceId}', not '{wanted.IfaceId}'"),
        ];
        return conditions.FirstOrDefault(condition => !condition.Fits).Difference;
    }

    private static Obstacle Refuse(string item, string difference) =>
        new($"{item} was made by hand and cannot be taken over: {difference}");
}
