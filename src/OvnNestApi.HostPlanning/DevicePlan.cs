using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

/// <summary>
/// Plans the device of a VM or container: its namespace, its settings and its address. Every step repairs one observed difference; steps
/// that depend on its result appear in a later plan.
/// </summary>
internal static class DevicePlan
{
    /// <summary>Returns why the resource cannot use the name of its namespace; null if it can.</summary>
    public static Obstacle? FindNamespaceObstacle(HostPlanBuilder plan, Guid id, DeviceWork device)
    {
        if (device.Workload is not Workload.Namespace)
        {
            return null;
        }

        if (plan.WantedNamespaces.ContainsKey(device.Namespace))
        {
            return new Obstacle($"namespace {device.Namespace} is wanted twice");
        }

        var item = $"namespace {device.Namespace}";
        var owned = plan.OwnedNamespaces.GetValueOrDefault(device.Namespace);
        if (!plan.Observed.Network.Namespaces.TryGetValue(device.Namespace, out var place))
        {
            if (IsElsewhere(plan, id, device))
            {
                return new Obstacle($"port {device.Interface} was made by hand and cannot be taken over: its device is not in {item}");
            }

            // A record alone does not block, unless the removal of its resource is still in progress.
            var isBeingRemoved =
                plan.Ownership.IsOurs(owned?.Mark) && owned is { Mark.Id: var other } && plan.Ownership.IsToBeRemoved(other);
            return isBeingRemoved ? plan.Ownership.FindObstacle(id, owned?.Mark, item) : null;
        }

        // An earlier version marked only the device in the namespace.
        if (owned?.State is null && place.Links.GetValueOrDefault(device.Interface)?.Owner == (plan.Ownership.Installation, id))
        {
            return null;
        }

        OwnerMark? mark = owned?.State is null ? null : owned.Mark;
        return plan.Ownership.TakesOver(id, mark)
            ? TakeOverPlan.FindNamespaceObstacle(place, device)
            : plan.Ownership.FindObstacle(id, mark, item);
    }

    // Its port would be created again, because a new device comes only with a new port.
    private static bool IsElsewhere(HostPlanBuilder plan, Guid id, DeviceWork device) =>
        plan.Ports.TryGetValue(device.Interface, out var found)
        && plan.Ownership.TakesOver(id, found.Port.Mark)
        && !plan.Observed.Network.Root.ContainsKey(device.Interface);

    /// <param name="port">The device's port, in the state that ovs-vswitchd has; null if a change of its row is planned.</param>
    public static void Add(HostPlanBuilder plan, ResourceOutcome outcome, OwnerMark mark, DeviceWork device, OvsPort? port)
    {
        if (port?.Interfaces[0].Error is { } error)
        {
            outcome.Fail($"Open vSwitch reports for {device.Interface}: {error}");
        }

        if (device.Workload is Workload.Port)
        {
            plan.StopClients(plan.Clients[mark.Id]);
            PlainPortPlan.Add(plan, outcome, mark, device, port);
            return;
        }

        if (!plan.Observed.Network.Namespaces.TryGetValue(device.Namespace, out var place))
        {
            plan.AddStep(new AddNamespace(mark.Id, device.Namespace, mark));
            return;
        }

        // The name can exist without a namespace behind it.
        var isRecorded = plan.Observed.NamespaceRecords.Contains(new NamespaceRecord(device.Namespace, mark));
        if (place.Identity is null || !isRecorded)
        {
            plan.AddStep(
                place.Identity is null
                    ? new RemoveNamespace(mark.Id, device.Namespace, Exists: true)
                    : new RecordNamespace(mark.Id, device.Namespace, mark)
            );
            return;
        }

        if (port is not null && MoveAndConfigure(plan, outcome, mark, device, place) is { } link)
        {
            AddressPlan.Add(plan, outcome, mark, device, place, link);
        }
    }

    /// <summary>
    /// Moves the device into its namespace and configures it. Returns the device once neither is needed any more, else null.
    /// </summary>
    private static Link? MoveAndConfigure(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        NamespaceState place
    )
    {
        var inside = place.Links.GetValueOrDefault(device.Interface);
        if (MoveIntoNamespace(plan, mark, device, inside))
        {
            return null;
        }

        if (inside is null)
        {
            RecreateMissingDevice(plan, outcome, device);
            return null;
        }

        if (!inside.IsOvsDevice)
        {
            outcome.Fail($"device {device.Interface} in namespace {device.Namespace} does not belong to Open vSwitch: delete it");
            return null;
        }

        if (Configure(plan, mark, device, device.Namespace, inside, place.Links.GetValueOrDefault("lo")))
        {
            return null;
        }

        if (!inside.HasCarrier)
        {
            outcome.Fail($"device {device.Interface} has no carrier: ovs-vswitchd does not serve it; check that ovs-vswitchd runs");
        }

        return inside;
    }

    // ovs-vswitchd looks for its devices in the root namespace only. After a restart it creates a new tap there, and the one in the
    // namespace loses its carrier. The device in the root namespace is moved only if it is clearly Open vSwitch's and not another
    // resource's.
    private static bool MoveIntoNamespace(HostPlanBuilder plan, OwnerMark mark, DeviceWork device, Link? inside)
    {
        var isDead = inside is { IsUp: true, HasCarrier: false };
        if (
            plan.Observed.Network.Root.GetValueOrDefault(device.Interface) is not { IsOvsDevice: true } outside
            || (inside is not null && !isDead)
            || (outside.Owner is not null && outside.Owner != (mark.Installation, mark.Id))
        )
        {
            return false;
        }

        if (inside is not null)
        {
            plan.AddStep(new IpCommand(mark.Id, device.Namespace, $"link delete dev {device.Interface}"));
        }

        plan.AddStep(new IpCommand(mark.Id, null, $"link set dev {device.Interface} alias {mark.Alias}"));
        plan.AddStep(new IpCommand(mark.Id, null, $"link set dev {device.Interface} netns {device.Namespace}"));
        return true;
    }

    private static void RecreateMissingDevice(HostPlanBuilder plan, ResourceOutcome outcome, DeviceWork device)
    {
        if (plan.Observed.Network.Root.ContainsKey(device.Interface))
        {
            outcome.Fail($"device {device.Interface} exists in the root namespace and is not ours");
        }
        else if (!plan.Observed.Ovs.HasUnappliedChange && plan.Ports.TryGetValue(device.Interface, out var existing))
        {
            // The device was deleted together with its namespace. ovs-vswitchd does not notice this; only a new port creates a new device.
            plan.Ovs.RemovePort(existing.Bridge, existing.Port);
        }

        outcome.MarkPending();
    }

    /// <summary>Plans the settings of the device that differ, and returns whether any do.</summary>
    /// <param name="loopback">Loopback device of the namespace, which carries its owner mark; null in the root namespace.</param>
    public static bool Configure(HostPlanBuilder plan, OwnerMark mark, DeviceWork device, string? place, Link link, Link? loopback)
    {
        (bool Differs, string Setting)[] all =
        [
            (link.Mac != device.Mac, $"address {device.Mac}"),
            (link.Mtu != device.Mtu, $"mtu {device.Mtu}"),
            (link.Alias != mark.Alias, $"alias {mark.Alias}"),
            (!link.IsUp, "up"),
        ];
        var settings = all.Where(part => part.Differs).Select(part => part.Setting).ToList();
        var isLoopbackWrong = loopback is not null && (!loopback.IsUp || loopback.Alias != mark.Alias);
        if (isLoopbackWrong)
        {
            plan.AddStep(new IpCommand(mark.Id, place, $"link set dev lo alias {mark.Alias} up"));
        }

        if (settings.Count > 0)
        {
            plan.AddStep(new IpCommand(mark.Id, place, $"link set dev {link.Name} {string.Join(' ', settings)}"));
        }

        if (link.Mac != device.Mac)
        {
            plan.StopClients(plan.Clients[mark.Id]); // a running client would keep using the old MAC address
        }

        return settings.Count > 0 || isLoopbackWrong;
    }
}
