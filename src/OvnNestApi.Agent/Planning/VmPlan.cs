using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>One VM with its containers: the bridge, its link to the integration bridge, and a port for each device.</summary>
internal static class VmPlan
{
    public static void Add(Draft draft, VmWork vm)
    {
        if (vm.Device.Workload is Workload.None && vm.Containers.All(container => container.Device.Workload is Workload.None))
        {
            return;
        }

        var integration = draft.Seen.Ovs.FindBridge(draft.Work.IntegrationBridge);
        var bridge = draft.Seen.Ovs.FindBridge(vm.Bridge);
        if (Fault(draft, vm, integration) is { } fault)
        {
            Hold(draft, vm, new Obstacle(fault));
            return;
        }
        if (BridgeObstacle(draft, vm, bridge) is { } obstacle)
        {
            Hold(draft, vm, obstacle);
            return;
        }

        draft.WantedBridges[vm.Bridge] = vm.Id;
        // Both ends of a patch pair must have the same datapath type.
        var datapathType = integration?.DatapathType ?? draft.Seen.Ovs.DatapathType ?? "";
        var mark = new Mark(draft.Work.Installation, Mark.Vm, vm.Id);
        if (bridge is null)
        {
            draft.Ovs.AddBridge(vm.Id, vm.Bridge, datapathType, mark);
        }
        else
        {
            draft.Ovs.Repair(vm.Id, bridge, datapathType);
            if (draft.Seen.Network.Root.GetValueOrDefault(vm.Bridge) is { IsOvsDevice: true } device && device.Alias != mark.Alias)
            {
                draft.Do(new IpCommand(vm.Id, null, $"link set dev {vm.Bridge} alias {mark.Alias}"));
            }
        }

        Place(draft, vm, new WantedPort(vm.Bridge, vm.Bridge, mark, "internal"));
        var containers = vm.Containers.Where(container => container.Device.Workload is not Workload.None).ToArray();
        FindObstacles(draft, vm, bridge, containers);
        if (vm.Device.Workload is not Workload.None)
        {
            AddDevice(draft, vm, vm.Id, Mark.Vm, 0, vm.Device);
        }

        foreach (var container in containers)
        {
            AddDevice(draft, vm, container.Id, Mark.Container, container.Tag, container.Device);
        }

        // Last: which tags may pass follows from which ports there will be.
        AddLink(draft, vm, mark, bridge, integration);
    }

    private static void Hold(Draft draft, VmWork vm, Obstacle obstacle)
    {
        draft.Verdicts[vm.Id].Hold(obstacle);
        foreach (var container in vm.Containers)
        {
            draft.Verdicts[container.Id].Hold(obstacle);
        }
    }

    private static string? Fault(Draft draft, VmWork vm, OvsBridge? integration) =>
        Names.Fault(vm) is { } fault ? fault
        : vm.Bridge == draft.Work.IntegrationBridge ? $"bridge {vm.Bridge} is the integration bridge"
        : draft.WantedBridges.ContainsKey(vm.Bridge) ? $"bridge {vm.Bridge} is wanted by two VMs"
        : vm.UplinkInterface is null && integration is null
            ? $"integration bridge {draft.Work.IntegrationBridge} does not exist: ovn-controller makes it; does it run?"
        : null;

    private static Obstacle? BridgeObstacle(Draft draft, VmWork vm, OvsBridge? bridge) =>
        bridge is not null
            ? draft.Owners.Between(vm.Id, bridge.Mark, $"bridge {vm.Bridge}")
            : PortObstacle(draft, vm.Id, vm.Bridge, "internal");

    /// <summary>What keeps the object from having a port of this name.</summary>
    private static Obstacle? PortObstacle(Draft draft, Guid id, string name, string type) =>
        draft.WantedPorts.ContainsKey(name) ? new Obstacle($"port {name} is wanted twice")
        : draft.Ports.TryGetValue(name, out var there) ? draft.Owners.Between(id, there.Port.Mark, $"port {name}")
        // Open vSwitch takes over a tap of that name that nobody has opened, so whose it is must be clear before.
        : type is "internal" && draft.Seen.Network.Root.TryGetValue(name, out var device) ? draft.Owners.Between(id, device)
        : null;

    // Before anything of them is planned: who is held keeps its tag, which may hold another.
    private static void FindObstacles(Draft draft, VmWork vm, OvsBridge? bridge, ContainerWork[] containers)
    {
        if (vm.Device.Workload is not Workload.None && DeviceObstacle(draft, vm.Id, vm.Device) is { } own)
        {
            draft.Verdicts[vm.Id].Hold(own);
        }

        foreach (var container in containers)
        {
            if (
                (Names.Fault(container) is { } fault ? new Obstacle(fault) : DeviceObstacle(draft, container.Id, container.Device)) is
                { } obstacle
            )
            {
                draft.Verdicts[container.Id].Hold(obstacle);
            }
        }

        bool again;
        do
        {
            again = false;
            foreach (var container in containers.Where(container => !draft.Verdicts[container.Id].IsHeld))
            {
                if (TagObstacle(draft, vm, bridge, container, containers) is { } obstacle)
                {
                    draft.Verdicts[container.Id].Hold(obstacle);
                    again = true;
                }
            }
        } while (again);
    }

    private static Obstacle? DeviceObstacle(Draft draft, Guid id, DeviceWork device)
    {
        if ((PortObstacle(draft, id, device.Interface, "internal") ?? DevicePlan.NamespaceObstacle(draft, id, device)) is { } obstacle)
        {
            return obstacle;
        }

        draft.WantedPorts[device.Interface] = id;
        if (device.Workload is Workload.Namespace)
        {
            draft.WantedNamespaces[device.Namespace] = id;
        }

        return null;
    }

    private static Obstacle? TagObstacle(Draft draft, VmWork vm, OvsBridge? bridge, ContainerWork container, ContainerWork[] containers)
    {
        if (containers.Any(other => other.Id != container.Id && other.Tag == container.Tag))
        {
            return new Obstacle($"tag {container.Tag} is wanted by two containers of {vm.Name}");
        }
        // Another container of this VM that gets another tag in the same transaction is no obstacle.
        bool IsLeaving(Mark? mark) =>
            draft.Owners.IsOurs(mark)
            && containers.Any(other => other.Id == mark?.Id && other.Id != container.Id && !draft.Verdicts[other.Id].IsHeld);
        return (bridge?.Ports ?? [])
            .Where(port => port.Tag == container.Tag && !IsLeaving(port.Mark))
            .Select(port => draft.Owners.Between(container.Id, port.Mark, $"port {port.Name}, which has tag {port.Tag} on {vm.Bridge},"))
            .FirstOrDefault(obstacle => obstacle is not null);
    }

    private static void AddDevice(Draft draft, VmWork vm, Guid id, string kind, int tag, DeviceWork device)
    {
        var verdict = draft.Verdicts[id];
        if (verdict.IsHeld)
        {
            return;
        }

        var mark = new Mark(draft.Work.Installation, kind, id);
        var (there, changed) = Place(
            draft,
            vm,
            new WantedPort(vm.Bridge, device.Interface, mark, "internal", tag, Mac: device.Mac, Mtu: device.Mtu)
        );
        DevicePlan.Add(draft, verdict, mark, device, changed ? null : there);
    }

    private static void AddLink(Draft draft, VmWork vm, Mark mark, OvsBridge? bridge, OvsBridge? integration)
    {
        var verdict = draft.Verdicts[vm.Id];
        long[] trunks = [0, .. Tags(draft, vm, bridge).Select(tag => (long)tag).Distinct().Order()];
        WantedPort[] link;
        if (vm.UplinkInterface is { } uplink)
        {
            link = [new WantedPort(vm.Bridge, uplink, mark, "", Trunks: trunks)];
        }
        else
        {
            var (near, far) = PatchNames.For(vm.Bridge, draft.Work.IntegrationBridge, vm.Id);
            link =
            [
                new WantedPort(vm.Bridge, near, mark, "patch", Trunks: trunks, Peer: far),
                new WantedPort(draft.Work.IntegrationBridge, far, mark, "patch", Peer: near, IfaceId: vm.PortName),
            ];
        }

        var obstacle = link.Select(port => PortObstacle(draft, vm.Id, port.Name, port.Type)).FirstOrDefault(found => found is not null)
            ?? (vm.UplinkInterface is null ? IfaceIdObstacle(draft, vm, integration) : null);
        if (obstacle is not null)
        {
            verdict.Hold(obstacle);
            return;
        }
        foreach (var port in link)
        {
            if (Place(draft, vm, port).There?.Interfaces[0] is { Error: { } error })
            {
                verdict.Fail($"Open vSwitch about {port.Name}: {error}");
            }
        }
    }

    // OVN binds one of several interfaces with the same iface-id and ignores the others.
    private static Obstacle? IfaceIdObstacle(Draft draft, VmWork vm, OvsBridge? integration) =>
        (integration?.Ports ?? [])
            .SelectMany(port => port.Interfaces, (port, found) => (port, found))
            .Where(pair => pair.found.ExternalIds.GetValueOrDefault(OvsDraft.IfaceIdKey) == vm.PortName)
            .Select(pair => draft.Owners.Between(vm.Id, pair.port.Mark, $"interface {pair.found.Name} with iface-id {vm.PortName}"))
            .FirstOrDefault(obstacle => obstacle is not null);

    // What was not asked to be removed goes on working: its tag passes too.
    private static IEnumerable<int> Tags(Draft draft, VmWork vm, OvsBridge? bridge) =>
        vm
            .Containers.Where(container => container.Device.Workload is not Workload.None && !draft.Verdicts[container.Id].IsHeld)
            .Select(container => container.Tag)
            .Concat((bridge?.Ports ?? []).Where(port => Stays(draft, port.Mark)).Select(port => port.Tag ?? 0));

    private static bool Stays(Draft draft, Mark? mark) =>
        draft.Owners.IsOurs(mark)
        && mark is { } ours
        && (draft.Verdicts.TryGetValue(ours.Id, out var verdict) ? verdict.IsHeld : !draft.Owners.IsRemoving(ours.Id));

    /// <summary>Makes or repairs the port; gives the one that is there and stays, and whether its row is yet to be written.</summary>
    private static (OvsPort? There, bool IsNew) Place(Draft draft, VmWork vm, WantedPort wanted)
    {
        draft.WantedPorts[wanted.Name] = wanted.Mark.Id;
        var verdict = draft.Verdicts[wanted.Mark.Id];
        if (!draft.Ports.TryGetValue(wanted.Name, out var there))
        {
            draft.Ovs.Add(vm.Id, wanted);
            verdict.Await();
            return (null, true);
        }
        if (there.Bridge.Name != wanted.Bridge || there.Port.Interfaces is not [var only] || only.Name != wanted.Name)
        {
            // Taken away now and made in the next pass: ovs-vswitchd would see one change, and keep the old device.
            draft.Ovs.Drop(there.Bridge, there.Port);
            verdict.Await();
            return (null, true);
        }
        var changed = draft.Ovs.Repair(vm.Id, there.Port, wanted);
        if (changed)
        {
            verdict.Await();
        }

        return (there.Port, changed);
    }
}
