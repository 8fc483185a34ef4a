using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Planning;

/// <summary>Plans address, default route and name servers of a configured device in its namespace: static, or by a DHCP client.</summary>
internal static class AddressPlan
{
    // Long enough for a changed address to reach OVN's DHCP responder before the client asks again.
    private static readonly TimeSpan MinClientAge = TimeSpan.FromSeconds(10);

    public static void Add(
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
            AddDhcp(plan, outcome, mark, device, place, link);
            return;
        }

        plan.StopClients(plan.Clients[mark.Id]);
        if (device.Addressing is Addressing.Static && device.Address is { } address)
        {
            AddStatic(plan, outcome, mark, device, address, place, link);
        }
    }

    private static void AddStatic(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        string address,
        NamespaceState place,
        Link link
    )
    {
        foreach (var other in link.Addresses.Where(other => other != address))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address delete {other} dev {link.Name}"));
        }

        if (!link.Addresses.Contains(address))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address replace {address} broadcast + dev {link.Name}"));
        }

        if (device.Gateway is { } gateway)
        {
            EnsureDefaultRoute(plan, mark, place, link, gateway);
        }

        var servers = string.Concat(device.DnsServers.Select(server => $"nameserver {server}\n"));
        if (place.ResolvConf != servers)
        {
            plan.AddStep(new WriteResolvConf(mark.Id, place.Name, servers));
        }

        if (link.Addresses.Contains(address))
        {
            outcome.Address = WithoutPrefix(address);
        }
    }

    private static void AddDhcp(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        NamespaceState place,
        Link link
    )
    {
        var clients = plan.Clients[mark.Id].ToArray();
        if (clients is not [var client] || client.NetworkNamespace != place.Identity || client.Index != link.Index)
        {
            // Of two clients, each removes the other's address when it starts and when it ends, and neither checks again: stop all of them.
            // (A client that is just starting may be missing from the observed state and is then started twice.)
            plan.StopClients(clients);
            // A device that was made by hand keeps its address: its first client replaces the one that assigned it.
            var isTakenOver =
                clients.Length == 0 && plan.Ownership.Adopts(mark.Id) && link.Addresses is [var only] && only == device.Address;
            plan.AddStep(new StartClient(mark.Id, place.Name, link.Name, link.Index, isTakenOver ? place.Identity : null));
            return;
        }

        if (client.Lease is not { } lease)
        {
            // Either OVN does not answer, or the lease file was lost. A restart is harmless in both cases.
            if (client.Age > MinClientAge)
            {
                plan.StopClients([client]);
            }

            outcome.MarkPending();
            return;
        }

        CheckLease(plan, outcome, mark, device, place, link, client, lease);
    }

    private static void CheckLease(
        HostPlanBuilder plan,
        ResourceOutcome outcome,
        OwnerMark mark,
        DeviceWork device,
        NamespaceState place,
        Link link,
        DhcpClient client,
        DhcpLease lease
    )
    {
        // The client never checks what it has set. If some of it is missing, a restart sets it again.
        var isIntact = link.Addresses.Contains(lease.Address) && place.ResolvConf is not null;
        var difference = FindDifference(device, lease, place.ResolvConf ?? "");
        if (!isIntact || (difference is not null && client.Age > MinClientAge))
        {
            plan.StopClients([client]);
        }
        else if (lease.Router is { } router)
        {
            EnsureDefaultRoute(plan, mark, place, link, router);
        }

        if (difference is not null)
        {
            outcome.Fail($"DHCP assigned {difference}");
        }

        if (link.Addresses.Contains(lease.Address))
        {
            outcome.Address = WithoutPrefix(lease.Address);
        }
    }

    // The default route with metric 0 is ours, and there is only one: the kernel would use another one beside it. Default routes with a
    // higher metric and routes of other destinations are the user's.
    private static void EnsureDefaultRoute(HostPlanBuilder plan, OwnerMark mark, NamespaceState place, Link link, string gateway)
    {
        if (place.DefaultRoutes is [var only] && only == new DefaultRoute(gateway, link.Index))
        {
            return;
        }

        if (place.DefaultRoutes.Count > 0)
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, "route flush table main exact default metric 0"));
        }

        plan.AddStep(new IpCommand(mark.Id, place.Name, $"route add default via {gateway} dev {link.Name}"));
    }

    /// <summary>
    /// Returns the first value of the lease that differs from the network's settings, which the client would keep until it renews after
    /// half the lease time; null if all are equal.
    /// </summary>
    private static string? FindDifference(DeviceWork device, DhcpLease lease, string resolvConf)
    {
        if (device.Address is { } address && address != lease.Address)
        {
            return $"{lease.Address}, expected {address}";
        }

        if (device.Gateway is { } gateway && gateway != lease.Router)
        {
            var router = lease.Router is null ? "no gateway" : $"gateway {lease.Router}";
            return $"{router}, expected {gateway}";
        }

        var servers = resolvConf
            .Split('\n')
            .Where(line => line.StartsWith("nameserver ", StringComparison.Ordinal))
            .Select(line => line["nameserver ".Length..])
            .ToList();
        return device.DnsServers.Count == 0 || device.DnsServers.SequenceEqual(servers)
            ? null
            : $"name servers {string.Join(", ", servers)}, expected {string.Join(", ", device.DnsServers)}";
    }

    private static string WithoutPrefix(string address) => address[..address.IndexOf('/', StringComparison.Ordinal)];
}
