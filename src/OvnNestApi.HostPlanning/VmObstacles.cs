using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>Finds what prevents a VM or container from having its bridge or a port: items of the same names that are not its own.</summary>
internal static class VmObstacles
{
    /// <summary>Returns why the VM cannot have its bridge; null if it can.</summary>
    public static Obstacle? FindBridgeObstacle(HostPlanBuilder plan, VmWork vm, OwnerMark mark, OvsBridge? bridge, string datapathType)
    {
        if (bridge is null)
        {
            return FindPortObstacle(plan, new WantedPort(vm.Bridge, vm.Bridge, mark, VmPlan.Internal));
        }

        return plan.Ownership.TakesOver(vm.Id, bridge.Mark)
            ? TakeOverPlan.FindBridgeObstacle(bridge, datapathType)
            : plan.Ownership.FindObstacle(vm.Id, bridge.Mark, $"bridge {vm.Bridge}");
    }

    /// <summary>Returns why the resource cannot have this port; null if it can.</summary>
    public static Obstacle? FindPortObstacle(HostPlanBuilder plan, WantedPort wanted)
    {
        var (name, id) = (wanted.Name, wanted.Mark.Id);
        if (plan.WantedPorts.ContainsKey(name))
        {
            return new Obstacle($"port {name} is wanted twice");
        }

        if (plan.Ports.TryGetValue(name, out var existing))
        {
            return plan.Ownership.TakesOver(id, existing.Port.Mark)
                ? TakeOverPlan.FindPortObstacle(wanted, existing.Bridge, existing.Port)
                : plan.Ownership.FindObstacle(id, existing.Port.Mark, $"port {name}");
        }

        // ovs-vswitchd takes over an unused tap of the port's name, so the owner of such a device must be known before.
        return wanted.Type is VmPlan.Internal && plan.Observed.Network.Root.TryGetValue(name, out var device)
            ? plan.Ownership.FindObstacle(id, device)
            : null;
    }

    /// <summary>
    /// Returns why the interface <paramref name="wanted"/> cannot have the VM's <c>iface-id</c>; null if it can. OVN binds only one of
    /// several interfaces with the same one.
    /// </summary>
    public static Obstacle? FindIfaceIdObstacle(HostPlanBuilder plan, VmWork vm, OvsBridge? integration, string wanted) =>
        (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, part) => (port.Mark, part.Name, part.ExternalIds))
            .Where(found => found.Name != wanted && found.ExternalIds.GetValueOrDefault(OvsChanges.IfaceIdKey) == vm.PortName)
            .Select(found => plan.Ownership.FindObstacle(vm.Id, found.Mark, $"interface {found.Name} with iface-id {vm.PortName}"))
            .FirstOrDefault(obstacle => obstacle is not null);
}
