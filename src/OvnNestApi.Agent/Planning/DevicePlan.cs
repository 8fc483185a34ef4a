using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>
/// A device in its namespace, with its addresses. Each step repairs one thing that was seen to be otherwise; what follows from it is
/// planned after the next look.
/// </summary>
internal static class DevicePlan
{
    // Long enough for a new address to reach OVN's DHCP responder before the client asks again.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(10);

    /// <summary>What keeps the object from using its namespace's name.</summary>
    public static Obstacle? NamespaceObstacle(HostPlanBuilder plan, Guid id, DeviceWork device)
    {
        if (device.Workload is not Workload.Namespace)
        {
            return null;
        }

        if (plan.WantedNamespaces.ContainsKey(device.Namespace))
        {
            return new Obstacle($"namespace {device.Namespace} is wanted twice");
        }

        var exists = plan.Observed.Network.Namespaces.ContainsKey(device.Namespace);
        var note = plan.NamespaceRecords.GetValueOrDefault(device.Namespace);
        // An old note about a namespace that is gone is in nobody's way, unless its object is just being removed.
        return exists || (note is not null && plan.Ownership.IsOurs(note.Mark) && plan.Ownership.IsToBeRemoved(note.Mark.Id))
            ? plan.Ownership.FindObstacle(
                id,
                note is { IsFromThisBoot: false } && exists ? null : note?.Mark,
                $"namespace {device.Namespace}"
            )
            : null;
    }

    /// <param name="port">The device's port, as ovs-vswitchd has it; null when its row is yet to be written.</param>
    public static void Add(HostPlanBuilder plan, ResourceOutcome outcome, OwnerMark mark, DeviceWork device, OvsPort? port)
    {
        if (port?.Interfaces[0].Error is { } error)
        {
            outcome.Fail($"Open vSwitch about {device.Interface}: {error}");
        }

        if (device.Workload is Workload.Port)
        {
            plan.StopClients(plan.Clients[mark.Id]);
            AddPlainPort(plan, outcome, mark, device, port);
            return;
        }

        if (!plan.Observed.Network.Namespaces.TryGetValue(device.Namespace, out var place))
        {
            plan.AddStep(new AddNamespace(mark.Id, device.Namespace, mark));
        }
        else if (place.Identity is null)
        {
            plan.AddStep(new RemoveNamespace(mark.Id, device.Namespace, Exists: true)); // a name with nothing behind it
        }
        else if (port is not null && InPlace(plan, outcome, mark, device, place) is { } link)
        {
            AddAddress(plan, outcome, mark, device, place, link);
        }
    }

    // A container runtime takes the device when it likes; until then it waits in the host's namespace.
    private static void AddPlainPort(HostPlanBuilder plan, ResourceOutcome outcome, OwnerMark mark, DeviceWork device, OvsPort? port)
    {
        // It had a namespace before, which goes now, and the device with it: the port is made anew.
        if (
            plan.NamespaceRecords.Values.Any(note => plan.Ownership.IsMarkOf(note.Mark, mark.Id))
            && plan.Ports.TryGetValue(device.Interface, out var there)
        )
        {
            plan.Ovs.Drop(there.Bridge, there.Port);
            outcome.MarkPending();
            return;
        }
        if (port is null || !plan.Observed.Network.Root.TryGetValue(device.Interface, out var link))
        {
            return;
        }

        if (!link.IsOvsDevice)
        {
            outcome.Fail($"device {device.Interface} exists in the host and is none of Open vSwitch's");
        }
        else
        {
            Configure(plan, mark, device, null, link, loopback: null);
        }
    }

    /// <summary>Gets the device into its namespace; gives it once nothing about itself is left to do.</summary>
    private static Link? InPlace(HostPlanBuilder plan, ResourceOutcome outcome, OwnerMark mark, DeviceWork device, NamespaceState place)
    {
        var here = place.Links.GetValueOrDefault(device.Interface);
        var outside = plan.Observed.Network.Root.GetValueOrDefault(device.Interface);

        // ovs-vswitchd looks for its devices in the host's namespace only: started again, it makes a new tap there and leaves
        // the one in the namespace without anybody behind it. That the new one is Open vSwitch's is sure only if so.
        var isDead = here is { IsUp: true, HasCarrier: false };
        if (
            outside is { IsOvsDevice: true }
            && (here is null || isDead)
            && (outside.Owner is null || outside.Owner == (mark.Installation, mark.Id))
        )
        {
            if (here is not null)
            {
                plan.AddStep(new IpCommand(mark.Id, device.Namespace, $"link delete dev {device.Interface}"));
            }

            plan.AddStep(new IpCommand(mark.Id, null, $"link set dev {device.Interface} alias {mark.Alias}"));
            plan.AddStep(new IpCommand(mark.Id, null, $"link set dev {device.Interface} netns {device.Namespace}"));
            return null;
        }
        if (here is null)
        {
            if (outside is not null)
            {
                outcome.Fail($"device {device.Interface} exists in the host and is none of ours");
            }
            else if (!plan.Observed.Ovs.HasUnappliedChange && plan.Ports.TryGetValue(device.Interface, out var there))
            {
                // Gone with a namespace that somebody deleted. The row knows nothing of it; only a new port makes a new device.
                plan.Ovs.Drop(there.Bridge, there.Port);
            }

            outcome.MarkPending();
            return null;
        }
        if (Configure(plan, mark, device, device.Namespace, here, place.Links.GetValueOrDefault("lo")))
        {
            return null;
        }

        if (!here.HasCarrier)
        {
            outcome.Fail($"device {device.Interface} has no carrier: ovs-vswitchd does not serve it; does it run?");
        }

        return here;
    }

    private static bool Configure(HostPlanBuilder plan, OwnerMark mark, DeviceWork device, string? place, Link link, Link? loopback)
    {
        string[] settings =
        [
            .. link.Mac != device.Mac ? [$"address {device.Mac}"] : Array.Empty<string>(),
            .. link.Mtu != device.Mtu ? [$"mtu {device.Mtu}"] : Array.Empty<string>(),
            .. link.Alias != mark.Alias ? [$"alias {mark.Alias}"] : Array.Empty<string>(),
            .. !link.IsUp ? ["up"] : Array.Empty<string>(),
        ];
        if (loopback is { IsUp: false })
        {
            plan.AddStep(new IpCommand(mark.Id, place, "link set dev lo up"));
        }

        if (settings.Length > 0)
        {
            plan.AddStep(new IpCommand(mark.Id, place, $"link set dev {link.Name} {string.Join(' ', settings)}"));
        }

        if (link.Mac != device.Mac)
        {
            plan.StopClients(plan.Clients[mark.Id]); // it goes on asking with the old one
        }

        return settings.Length > 0 || loopback is { IsUp: false };
    }

    private static void AddAddress(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        NamespaceState place,
        Link link
    )
    {
        if (device.Addressing is Addressing.Dhcp)
        {
            AddClient(plan, outcome, mark, device, place, link);
            return;
        }

        plan.StopClients(plan.Clients[mark.Id]);
        if (device.Addressing is Addressing.None || device.Address is not { } address)
        {
            return;
        }

        foreach (var other in link.Addresses.Where(other => other != address))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address delete {other} dev {link.Name}"));
        }

        if (!link.Addresses.Contains(address))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address replace {address} broadcast + dev {link.Name}"));
        }

        if (device.Gateway is { } gateway && place.DefaultGateway != gateway)
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"route replace default via {gateway} dev {link.Name}"));
        }

        var servers = string.Concat(device.DnsServers.Select(server => $"nameserver {server}\n"));
        if (place.ResolvConf != servers)
        {
            plan.AddStep(new WriteResolvConf(mark.Id, place.Name, servers));
        }

        if (link.Addresses.Contains(address))
        {
            outcome.Address = Bare(address);
        }
    }

    private static void AddClient(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        NamespaceState place,
        Link link
    )
    {
        var clients = plan.Clients[mark.Id].ToArray();
        var client = clients is [var only] && only.NetworkNamespace == place.Identity && only.Index == link.Index ? only : null;
        if (client is null)
        {
            // A second one takes away what the first has set, as it starts and as it ends, and the first never looks again: all end.
            // (A client that is just being started may not be seen by the next look, and is then started twice.)
            plan.StopClients(clients);
            plan.AddStep(new StartClient(mark.Id, place.Name, link.Name, link.Index));
            return;
        }
        if (client.Lease is not { } lease)
        {
            // Whether OVN does not answer, or what it was given was lost: asking anew costs nothing.
            if (client.Age > AskAgain)
            {
                plan.StopClients([client]);
            }

            outcome.MarkPending();
            return;
        }

        // The client does not look at what it has once set: whatever is gone comes back when it starts again.
        var isIntact =
            link.Addresses.Contains(lease.Address)
            && place.ResolvConf is not null
            && (lease.Router is null || lease.Router == place.DefaultGateway);
        var difference = Difference(device, lease, place.ResolvConf ?? "");
        if (!isIntact || (difference is not null && client.Age > AskAgain))
        {
            plan.StopClients([client]);
        }

        if (difference is not null)
        {
            outcome.Fail($"DHCP gave {difference}");
        }

        if (link.Addresses.Contains(lease.Address))
        {
            outcome.Address = Bare(lease.Address);
        }
    }

    /// <summary>What a client has otherwise than the network says, and would keep until it renews, half a lease later; null: nothing.</summary>
    private static string? Difference(DeviceWork device, DhcpLease lease, string resolvConf)
    {
        if (device.Address is { } address && address != lease.Address)
        {
            return $"{lease.Address}, expected is {address}";
        }

        if (device.Gateway is { } gateway && gateway != lease.Router)
        {
            return $"{(lease.Router is null ? "no gateway" : $"the gateway {lease.Router}")}, expected is {gateway}";
        }

        var servers = resolvConf
            .Split('\n')
            .Where(line => line.StartsWith("nameserver ", StringComparison.Ordinal))
            .Select(line => line["nameserver ".Length..])
            .ToList();
        return device.DnsServers.Count == 0 || device.DnsServers.SequenceEqual(servers)
            ? null
            : $"the name servers {string.Join(", ", servers)}, expected are {string.Join(", ", device.DnsServers)}";
    }

    private static string Bare(string address) => address[..address.IndexOf('/', StringComparison.Ordinal)];
}
