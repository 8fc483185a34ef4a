using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Plans the device of a VM or container that a container runtime takes: it stays in the root namespace until the runtime moves it into a
/// namespace of its own. It is in place only if the agent sees it and Open vSwitch serves it.
/// </summary>
internal static class PlainPortPlan
{
    /// <param name="port">The device's port, in the state that ovs-vswitchd has; null if a change of its row is planned.</param>
    public static void Add(HostPlanBuilder plan, ResourceOutcome outcome, OwnerMark mark, DeviceWork device, OvsPort? port)
    {
        // If the resource had a namespace before, the device disappears with it. Only a new port creates a new device.
        if (
            plan.OwnedNamespaces.Values.Any(owned => plan.Ownership.IsMarkOf(owned.Mark, mark.Id))
            && plan.Ports.TryGetValue(device.Interface, out var existing)
        )
        {
            plan.Ovs.RemovePort(existing.Bridge, existing.Port);
            outcome.MarkPending();
            return;
        }

        if (port is null || plan.Observed.Ovs.HasUnappliedChange)
        {
            outcome.MarkPending();
            return;
        }

        var inRoot = plan.Observed.Network.Root.GetValueOrDefault(device.Interface);
        var moved = FindMoved(plan.Observed.Network, mark, device);
        if (inRoot is not null && inRoot.IsOvsDevice && DevicePlan.Configure(plan, mark, device, null, inRoot, loopback: null))
        {
            return;
        }

        if (FindError(device, port.Interfaces[0], inRoot, moved) is { } error)
        {
            outcome.Fail(error);
        }
    }

    // The runtime may rename the device and may move it before the agent has set its alias.
    private static Link? FindMoved(NetworkState network, OwnerMark mark, DeviceWork device) =>
        network
            .Namespaces.Values.SelectMany(place => place.Links.Values)
            .Concat(network.Others)
            .FirstOrDefault(link =>
                link.IsOvsDevice
                && (
                    link.Owner == (mark.Installation, mark.Id)
                    || (link.Alias is null && link.Name == device.Interface && link.Mac == device.Mac)
                )
            );

    private static string? FindError(DeviceWork device, OvsInterface row, Link? inRoot, Link? moved)
    {
        var name = $"device {device.Interface}";
        return (inRoot, moved) switch
        {
            ({ IsOvsDevice: false }, _) => $"{name} exists in the root namespace and does not belong to Open vSwitch",
            // ovs-vswitchd looks for its devices in the root namespace only: after a restart it creates a new one there.
            (not null, not null) => $"{name} of the container is dead: ovs-vswitchd has created a new one in the root namespace; "
                + "start the container again, so that its runtime moves the new device",
            ({ HasCarrier: false }, null) => $"{name} has no carrier: ovs-vswitchd does not serve it; check that ovs-vswitchd runs",
            ({ Index: var index }, null) when row.Index is > 0 && row.Index != index =>
                $"{name} in the root namespace is not the one that ovs-vswitchd serves: delete it",
            (null, { IsUp: true, HasCarrier: false }) => $"{name} of the container has no carrier: ovs-vswitchd does not serve it; "
                + "check that ovs-vswitchd runs, and start the container again",
            (null, null) => $"{name} is in no network namespace that the agent can see: it was deleted, for example with its container; "
                + $"delete the port ({$"ovs-vsctl del-port {device.Interface}"}), and the agent creates both again",
            _ => null,
        };
    }
}
