using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>One VM with its containers: the bridge, its link to the integration bridge, and a port for each device.</summary>
internal static class VmPlan
{
    public static void Add(HostPlanBuilder plan, VmWork vm)
    {
        if (vm.Device.Workload is Workload.None && vm.Containers.All(container => container.Device.Workload is Workload.None))
        {
            return;
        }

        var integration = plan.Observed.Ovs.FindBridge(plan.Work.IntegrationBridge);
        var bridge = plan.Observed.Ovs.FindBridge(vm.Bridge);
        if (Fault(plan, vm, integration) is { } fault)
        {
            BlockAll(plan, vm, new Obstacle(fault));
            return;
        }
        if (BridgeObstacle(plan, vm, bridge) is { } obstacle)
        {
            BlockAll(plan, vm, obstacle);
            return;
        }

        plan.WantedBridges[vm.Bridge] = vm.Id;
        // Both ends of a patch pair must have the same datapath type.
        var datapathType = integration?.DatapathType ?? plan.Observed.Ovs.DatapathType ?? "";
        var mark = new OwnerMark(plan.Work.Installation, OwnerMark.Vm, vm.Id);
        if (bridge is null)
        {
            plan.Ovs.AddBridge(vm.Id, vm.Bridge, datapathType, mark);
        }
        else
        {
            plan.Ovs.Repair(vm.Id, bridge, datapathType);
            if (plan.Observed.Network.Root.GetValueOrDefault(vm.Bridge) is { IsOvsDevice: true } device && device.Alias != mark.Alias)
            {
                plan.AddStep(new IpCommand(vm.Id, null, $"link set dev {vm.Bridge} alias {mark.Alias}"));
            }
        }

        Place(plan, vm, new WantedPort(vm.Bridge, vm.Bridge, mark, "internal"));
        var containers = vm.Containers.Where(container => container.Device.Workload is not Workload.None).ToArray();
        FindObstacles(plan, vm, bridge, containers);
        if (vm.Device.Workload is not Workload.None)
        {
            AddDevice(plan, vm, vm.Id, OwnerMark.Vm, 0, vm.Device);
        }

        foreach (var container in containers)
        {
            AddDevice(plan, vm, container.Id, OwnerMark.Container, container.Tag, container.Device);
        }

        // Last: which tags may pass follows from which ports there will be.
        AddLink(plan, vm, mark, bridge, integration);
    }

    private static void BlockAll(HostPlanBuilder plan, VmWork vm, Obstacle obstacle)
    {
        plan.Outcomes[vm.Id].Block(obstacle);
        foreach (var container in vm.Containers)
        {
            plan.Outcomes[container.Id].Block(obstacle);
        }
    }

    private static string? Fault(HostPlanBuilder plan, VmWork vm, OvsBridge? integration) =>
        WorkValidation.Fault(vm) is { } fault ? fault
        : vm.Bridge == plan.Work.IntegrationBridge ? $"bridge {vm.Bridge} is the integration bridge"
        : plan.WantedBridges.ContainsKey(vm.Bridge) ? $"bridge {vm.Bridge} is wanted by two VMs"
        : vm.UplinkInterface is null && integration is null
            ? $"integration bridge {plan.Work.IntegrationBridge} does not exist: ovn-controller makes it; does it run?"
        : null;

    private static Obstacle? BridgeObstacle(HostPlanBuilder plan, VmWork vm, OvsBridge? bridge) =>
        bridge is not null
            ? plan.Ownership.FindObstacle(vm.Id, bridge.Mark, $"bridge {vm.Bridge}")
            : PortObstacle(plan, vm.Id, vm.Bridge, "internal");

    /// <summary>What keeps the object from having a port of this name.</summary>
    private static Obstacle? PortObstacle(HostPlanBuilder plan, Guid id, string name, string type) =>
        plan.WantedPorts.ContainsKey(name) ? new Obstacle($"port {name} is wanted twice")
        : plan.Ports.TryGetValue(name, out var there) ? plan.Ownership.FindObstacle(id, there.Port.Mark, $"port {name}")
        // Open vSwitch takes over a tap of that name that nobody has opened, so whose it is must be clear before.
        : type is "internal" && plan.Observed.Network.Root.TryGetValue(name, out var device) ? plan.Ownership.FindObstacle(id, device)
        : null;

    // Before anything of them is planned: who is held keeps its tag, which may hold another.
    private static void FindObstacles(HostPlanBuilder plan, VmWork vm, OvsBridge? bridge, ContainerWork[] containers)
    {
        if (vm.Device.Workload is not Workload.None && DeviceObstacle(plan, vm.Id, vm.Device) is { } own)
        {
            plan.Outcomes[vm.Id].Block(own);
        }

        foreach (var container in containers)
        {
            if (
                (
                    WorkValidation.Fault(container) is { } fault
                        ? new Obstacle(fault)
                        : DeviceObstacle(plan, container.Id, container.Device)
                ) is
                { } obstacle
            )
            {
                plan.Outcomes[container.Id].Block(obstacle);
            }
        }

        bool again;
        do
        {
            again = false;
            foreach (var container in containers.Where(container => !plan.Outcomes[container.Id].IsBlocked))
            {
                if (TagObstacle(plan, vm, bridge, container, containers) is { } obstacle)
                {
                    plan.Outcomes[container.Id].Block(obstacle);
                    again = true;
                }
            }
        } while (again);
    }

    private static Obstacle? DeviceObstacle(HostPlanBuilder plan, Guid id, DeviceWork device)
    {
        if ((PortObstacle(plan, id, device.Interface, "internal") ?? DevicePlan.NamespaceObstacle(plan, id, device)) is { } obstacle)
        {
            return obstacle;
        }

        plan.WantedPorts[device.Interface] = id;
        if (device.Workload is Workload.Namespace)
        {
            plan.WantedNamespaces[device.Namespace] = id;
        }

        return null;
    }

    private static Obstacle? TagObstacle(
        HostPlanBuilder plan,
        VmWork vm,
        OvsBridge? bridge,
        ContainerWork container,
        ContainerWork[] containers
    )
    {
        if (containers.Any(other => other.Id != container.Id && other.Tag == container.Tag))
        {
            return new Obstacle($"tag {container.Tag} is wanted by two containers of {vm.Name}");
        }
        // Another container of this VM that gets another tag in the same transaction is no obstacle.
        bool IsLeaving(OwnerMark? mark) =>
            plan.Ownership.IsOurs(mark)
            && containers.Any(other => other.Id == mark?.Id && other.Id != container.Id && !plan.Outcomes[other.Id].IsBlocked);
        return (bridge?.Ports ?? [])
            .Where(port => port.Tag == container.Tag && !IsLeaving(port.Mark))
            .Select(port =>
                plan.Ownership.FindObstacle(container.Id, port.Mark, $"port {port.Name}, which has tag {port.Tag} on {vm.Bridge},")
            )
            .FirstOrDefault(obstacle => obstacle is not null);
    }

    private static void AddDevice(HostPlanBuilder plan, VmWork vm, Guid id, string kind, int tag, DeviceWork device)
    {
        var outcome = plan.Outcomes[id];
        if (outcome.IsBlocked)
        {
            return;
        }

        var mark = new OwnerMark(plan.Work.Installation, kind, id);
        var (there, changed) = Place(
            plan,
            vm,
            new WantedPort(vm.Bridge, device.Interface, mark, "internal", tag, Mac: device.Mac, Mtu: device.Mtu)
        );
        DevicePlan.Add(plan, outcome, mark, device, changed ? null : there);
    }

    private static void AddLink(HostPlanBuilder plan, VmWork vm, OwnerMark mark, OvsBridge? bridge, OvsBridge? integration)
    {
        var outcome = plan.Outcomes[vm.Id];
        long[] trunks = [0, .. Tags(plan, vm, bridge).Select(tag => (long)tag).Distinct().Order()];
        WantedPort[] link;
        if (vm.UplinkInterface is { } uplink)
        {
            link = [new WantedPort(vm.Bridge, uplink, mark, "", Trunks: trunks)];
        }
        else
        {
            var (near, far) = PatchNames.For(vm.Bridge, plan.Work.IntegrationBridge, vm.Id);
            link =
            [
                new WantedPort(vm.Bridge, near, mark, "patch", Trunks: trunks, Peer: far),
                new WantedPort(plan.Work.IntegrationBridge, far, mark, "patch", Peer: near, IfaceId: vm.PortName),
            ];
        }

        var obstacle = link.Select(port => PortObstacle(plan, vm.Id, port.Name, port.Type)).FirstOrDefault(found => found is not null)
            ?? (vm.UplinkInterface is null ? IfaceIdObstacle(plan, vm, integration) : null);
        if (obstacle is not null)
        {
            outcome.Block(obstacle);
            return;
        }
        foreach (var port in link)
        {
            if (Place(plan, vm, port).There?.Interfaces[0] is { Error: { } error })
            {
                outcome.Fail($"Open vSwitch about {port.Name}: {error}");
            }
        }
    }

    // OVN binds one of several interfaces with the same iface-id and ignores the others.
    private static Obstacle? IfaceIdObstacle(HostPlanBuilder plan, VmWork vm, OvsBridge? integration) =>
        (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, found) => (port, found))
            .Where(pair => pair.found.ExternalIds.GetValueOrDefault(OvsChanges.IfaceIdKey) == vm.PortName)
            .Select(pair => plan.Ownership.FindObstacle(vm.Id, pair.port.Mark, $"interface {pair.found.Name} with iface-id {vm.PortName}"))
            .FirstOrDefault(obstacle => obstacle is not null);

    // What was not asked to be removed goes on working: its tag passes too.
    private static IEnumerable<int> Tags(HostPlanBuilder plan, VmWork vm, OvsBridge? bridge) =>
        vm
            .Containers.Where(container => container.Device.Workload is not Workload.None && !plan.Outcomes[container.Id].IsBlocked)
            .Select(container => container.Tag)
            .Concat((bridge?.Ports ?? []).Where(port => Stays(plan, port.Mark)).Select(port => port.Tag ?? 0));

    private static bool Stays(HostPlanBuilder plan, OwnerMark? mark) =>
        plan.Ownership.IsOurs(mark)
        && mark is { } ours
        && (plan.Outcomes.TryGetValue(ours.Id, out var outcome) ? outcome.IsBlocked : !plan.Ownership.IsToBeRemoved(ours.Id));

    /// <summary>Makes or repairs the port; gives the one that is there and stays, and whether its row is yet to be written.</summary>
    private static (OvsPort? There, bool IsNew) Place(HostPlanBuilder plan, VmWork vm, WantedPort wanted)
    {
        plan.WantedPorts[wanted.Name] = wanted.Mark.Id;
        var outcome = plan.Outcomes[wanted.Mark.Id];
        if (!plan.Ports.TryGetValue(wanted.Name, out var there))
        {
            plan.Ovs.Add(vm.Id, wanted);
            outcome.MarkPending();
            return (null, true);
        }
        if (there.Bridge.Name != wanted.Bridge || there.Port.Interfaces is not [var only] || only.Name != wanted.Name)
        {
            // Taken away now and made in the next pass: ovs-vswitchd would see one change, and keep the old device.
            plan.Ovs.Drop(there.Bridge, there.Port);
            outcome.MarkPending();
            return (null, true);
        }
        var changed = plan.Ovs.Repair(vm.Id, there.Port, wanted);
        if (changed)
        {
            outcome.MarkPending();
        }

        return (there.Port, changed);
    }
}
