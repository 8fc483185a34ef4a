using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>Plans one VM with its containers: its bridge, the link to the integration bridge, and a port per device.</summary>
internal static class VmPlan
{
    /// <summary>Type of the interface of a device.</summary>
    public const string Internal = "internal";

    public static void Add(HostPlanBuilder plan, VmWork vm)
    {
        var containers = vm.Containers.Where(container => container.Device.Workload is not Workload.None).ToArray();
        if (vm.Device.Workload is Workload.None && containers.Length == 0)
        {
            return;
        }

        var integration = plan.Observed.Ovs.FindBridge(plan.Work.IntegrationBridge);
        var bridge = plan.Observed.Ovs.FindBridge(vm.Bridge);
        var mark = new OwnerMark(plan.Work.Installation, OwnerMark.Vm, vm.Id);
        // Both ends of a patch pair must have the same datapath type.
        var datapathType = integration?.DatapathType ?? plan.Observed.Ovs.DatapathType ?? "";
        var obstacle = FindError(plan, vm, integration) is { } error
            ? new Obstacle(error)
            : VmObstacles.FindBridgeObstacle(plan, vm, mark, bridge, datapathType);
        if (obstacle is not null)
        {
            Block(plan, vm, obstacle);
            return;
        }

        EnsureBridge(plan, vm, mark, bridge, datapathType);
        BlockResources(plan, vm, bridge, containers);
        if (vm.Device.Workload is not Workload.None)
        {
            AddDevice(plan, vm, PortOf(plan, vm), vm.Device);
        }

        foreach (var container in containers)
        {
            AddDevice(plan, vm, PortOf(plan, vm, container), container.Device);
        }

        // Last, because the tags that the link passes follow from the ports that the bridge will have.
        AddLink(plan, vm, mark, bridge, integration);
    }

    /// <summary>Blocks a VM and its containers.</summary>
    private static void Block(HostPlanBuilder plan, VmWork vm, Obstacle obstacle)
    {
        plan.Outcomes[vm.Id].Block(obstacle);
        foreach (var container in vm.Containers)
        {
            plan.Outcomes[container.Id].Block(obstacle);
        }
    }

    private static string? FindError(HostPlanBuilder plan, VmWork vm, OvsBridge? integration)
    {
        if (WorkValidation.FindError(vm) is { } error)
        {
            return error;
        }

        if (vm.Bridge == plan.Work.IntegrationBridge)
        {
            return $"bridge {vm.Bridge} is the integration bridge; give the VM another bridge name";
        }

        if (plan.WantedBridges.ContainsKey(vm.Bridge))
        {
            return $"bridge {vm.Bridge} is wanted by two VMs";
        }

        return vm.UplinkInterface is null && integration is null
            ? $"integration bridge {plan.Work.IntegrationBridge} does not exist: ovn-controller creates it; check that it runs"
            : null;
    }

    private static void EnsureBridge(HostPlanBuilder plan, VmWork vm, OwnerMark mark, OvsBridge? bridge, string datapathType)
    {
        plan.WantedBridges[vm.Bridge] = vm.Id;
        if (bridge is null)
        {
            plan.Ovs.AddBridge(vm.Id, vm.Bridge, datapathType, mark);
        }
        else
        {
            if (plan.Ovs.RepairBridge(vm.Id, bridge, datapathType, mark))
            {
                plan.Outcomes[vm.Id].MarkPending();
            }

            if (plan.Observed.Network.Root.GetValueOrDefault(vm.Bridge) is { IsOvsDevice: true } device && device.Alias != mark.Alias)
            {
                plan.AddStep(new IpCommand(vm.Id, null, $"link set dev {vm.Bridge} alias {mark.Alias}"));
            }
        }

        EnsurePort(plan, vm, new WantedPort(vm.Bridge, vm.Bridge, mark, Internal));
    }

    // Runs before any device is planned, because a blocked resource keeps its tag, which may block another container.
    private static void BlockResources(HostPlanBuilder plan, VmWork vm, OvsBridge? bridge, ContainerWork[] containers)
    {
        if (vm.Device.Workload is not Workload.None && ReserveDevice(plan, PortOf(plan, vm), vm.Device) is { } own)
        {
            plan.Outcomes[vm.Id].Block(own);
        }

        foreach (var container in containers)
        {
            var obstacle = WorkValidation.FindError(container) is { } error
                ? new Obstacle(error)
                : ReserveDevice(plan, PortOf(plan, vm, container), container.Device);
            if (obstacle is not null)
            {
                plan.Outcomes[container.Id].Block(obstacle);
            }
        }

        bool hasBlocked;
        do
        {
            hasBlocked = false;
            foreach (var container in containers.Where(container => !plan.Outcomes[container.Id].IsBlocked))
            {
                if (FindTagObstacle(plan, vm, bridge, container, containers) is { } obstacle)
                {
                    plan.Outcomes[container.Id].Block(obstacle);
                    hasBlocked = true;
                }
            }
        } while (hasBlocked);
    }

    /// <summary>Reserves the device's port and namespace names for the resource, or returns why it cannot have them.</summary>
    private static Obstacle? ReserveDevice(HostPlanBuilder plan, WantedPort port, DeviceWork device)
    {
        var id = port.Mark.Id;
        var obstacle = VmObstacles.FindPortObstacle(plan, port) ?? DevicePlan.FindNamespaceObstacle(plan, id, device);
        if (obstacle is not null)
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

    private static Obstacle? FindTagObstacle(
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

        // A container of this VM that gets another tag in the same transaction does not block: two containers may exchange their tags.
        bool ReleasesItsTag(OwnerMark? mark) =>
            plan.Ownership.IsOurs(mark)
            && containers.Any(other => other.Id == mark?.Id && other.Id != container.Id && !plan.Outcomes[other.Id].IsBlocked);
        return (bridge?.Ports ?? [])
            .Where(port => port.Tag == container.Tag && port.Name != container.Device.Interface && !ReleasesItsTag(port.Mark))
            .Select(port =>
                plan.Ownership.FindObstacle(container.Id, port.Mark, $"port {port.Name}, which has tag {port.Tag} on {vm.Bridge},")
            )
            .FirstOrDefault(obstacle => obstacle is not null);
    }

    /// <summary>Returns the port of the VM's own device.</summary>
    private static WantedPort PortOf(HostPlanBuilder plan, VmWork vm) =>
        PortOf(vm, new OwnerMark(plan.Work.Installation, OwnerMark.Vm, vm.Id), 0, vm.Device);

    /// <summary>Returns the port of a container's device.</summary>
    private static WantedPort PortOf(HostPlanBuilder plan, VmWork vm, ContainerWork container) =>
        PortOf(vm, new OwnerMark(plan.Work.Installation, OwnerMark.Container, container.Id), container.Tag, container.Device);

    private static WantedPort PortOf(VmWork vm, OwnerMark mark, int tag, DeviceWork device) =>
        new(vm.Bridge, device.Interface, mark, Internal, tag, Mac: device.Mac, Mtu: device.Mtu);

    private static void AddDevice(HostPlanBuilder plan, VmWork vm, WantedPort wanted, DeviceWork device)
    {
        var outcome = plan.Outcomes[wanted.Mark.Id];
        if (outcome.IsBlocked)
        {
            return;
        }

        var port = EnsurePort(plan, vm, wanted);
        DevicePlan.Add(plan, outcome, wanted.Mark, device, port.HasChange ? null : port.Existing);
    }

    private static void AddLink(HostPlanBuilder plan, VmWork vm, OwnerMark mark, OvsBridge? bridge, OvsBridge? integration)
    {
        var outcome = plan.Outcomes[vm.Id];
        long[] trunks = [0, .. FindTags(plan, vm, bridge).Select(tag => (long)tag).Distinct().Order()];
        WantedPort[] ports;
        if (vm.UplinkInterface is { } uplink)
        {
            ports = [new WantedPort(vm.Bridge, uplink, mark, "", Trunks: trunks)];
        }
        else
        {
            var (near, far) = PatchNames.For(vm.Bridge, plan.Work.IntegrationBridge, vm.Id);
            ports =
            [
                new WantedPort(vm.Bridge, near, mark, "patch", Trunks: trunks, Peer: far),
                new WantedPort(plan.Work.IntegrationBridge, far, mark, "patch", Peer: near, IfaceId: vm.PortName),
            ];
        }

        var obstacle = ports.Select(port => VmObstacles.FindPortObstacle(plan, port)).FirstOrDefault(found => found is not null)
            ?? (vm.UplinkInterface is null ? VmObstacles.FindIfaceIdObstacle(plan, vm, integration, ports[1].Name) : null);
        if (obstacle is not null)
        {
            outcome.Block(obstacle);
            return;
        }

        foreach (var port in ports)
        {
            if (EnsurePort(plan, vm, port).Existing?.Interfaces[0] is { Error: { } error })
            {
                outcome.Fail($"Open vSwitch reports for {port.Name}: {error}");
            }
        }
    }

    // Includes the tags of ports that the work neither changes nor removes: they must keep working.
    private static IEnumerable<int> FindTags(HostPlanBuilder plan, VmWork vm, OvsBridge? bridge) =>
        vm
            .Containers.Where(container => container.Device.Workload is not Workload.None && !plan.Outcomes[container.Id].IsBlocked)
            .Select(container => container.Tag)
            .Concat((bridge?.Ports ?? []).Where(port => IsKept(plan, port.Mark)).Select(port => port.Tag ?? 0));

    private static bool IsKept(HostPlanBuilder plan, OwnerMark? mark) =>
        !plan.Ownership.IsOurs(mark)
        || mark is not { } ours
        || (plan.Outcomes.TryGetValue(ours.Id, out var outcome) ? outcome.IsBlocked : !plan.Ownership.IsToBeRemoved(ours.Id));

    /// <summary>
    /// Plans the creation or repair of a port. Returns the existing port, null if there is none to keep, and whether a change is planned.
    /// </summary>
    private static (OvsPort? Existing, bool HasChange) EnsurePort(HostPlanBuilder plan, VmWork vm, WantedPort wanted)
    {
        plan.WantedPorts[wanted.Name] = wanted.Mark.Id;
        var outcome = plan.Outcomes[wanted.Mark.Id];
        if (!plan.Ports.TryGetValue(wanted.Name, out var existing))
        {
            plan.Ovs.AddPort(vm.Id, wanted);
            outcome.MarkPending();
            return (null, true);
        }

        if (existing.Bridge.Name != wanted.Bridge || existing.Port.Interfaces is not [var only] || only.Name != wanted.Name)
        {
            // A later plan creates the port. In one transaction ovs-vswitchd would see a modified port and keep the old device.
            plan.Ovs.RemovePort(existing.Bridge, existing.Port);
            outcome.MarkPending();
            return (null, true);
        }

        var isChanged = plan.Ovs.RepairPort(vm.Id, existing.Port, wanted);
        if (isChanged)
        {
            outcome.MarkPending();
        }

        return (existing.Port, isChanged);
    }
}
