using System.Net;
using OvnNestApi.Contracts;

namespace OvnNestApi.HostPlanning;

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
        foreach (var other in link.Addresses.Where(other => other != address && !IsAllowed(device, other)))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address delete {other} dev {link.Name}"));
        }

        if (!link.Addresses.Contains(address))
        {
            plan.AddStep(new IpCommand(mark.Id, place.Name, $"address replace {address} broadcast + dev {link.Name}"));
        }

        EnsureDefaultRoute(plan, mark, place, link, device.Gateway);
        EnsureResolvConf(plan, mark, place, ResolvConf(device.DnsServers, device.DomainName));
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

        EnsureResolvConf(plan, mark, place, ResolvConf(device, client.Lease, place));
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
        // Address and prefix length come only from DHCP, so that OVN's DHCP is proved to work. Everything else is the work's.
        var isWrong = device.Address is { } address && address != lease.Address;
        if (isWrong)
        {
            outcome.Fail($"DHCP assigned {lease.Address}, expected {device.Address}");
        }

        // The client never checks what it has set. If the address is missing, a restart sets it again.
        if (!link.Addresses.Contains(lease.Address) || (isWrong && client.Age > MinClientAge))
        {
            plan.StopClients([client]);
        }
        else
        {
            EnsureDefaultRoute(plan, mark, place, link, device.Gateway ?? (device.FollowsDhcp ? lease.Router : null));
            if (device.LeaseTime is { } time && lease.Time is { } present && time != present)
            {
                plan.AddStep(new RenewLease(mark.Id, client.Pid));
            }
        }

        if (link.Addresses.Contains(lease.Address))
        {
            outcome.Address = WithoutPrefix(lease.Address);
        }
    }

    // The default route with metric 0 is ours, and there is only one: the kernel would use another one beside it. Default routes with a
    // higher metric and routes of other destinations are the user's. Without a gateway, so are those through other devices.
    private static void EnsureDefaultRoute(HostPlanBuilder plan, OwnerMark mark, NamespaceState place, Link link, string? gateway)
    {
        if (gateway is null)
        {
            foreach (var route in place.DefaultRoutes.Where(route => route.Gateway is not null && route.Index == link.Index))
            {
                plan.AddStep(new IpCommand(mark.Id, place.Name, $"route delete default via {route.Gateway} dev {link.Name}"));
            }

            return;
        }

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

    private static void EnsureResolvConf(HostPlanBuilder plan, OwnerMark mark, NamespaceState place, string text)
    {
        if (place.ResolvConf != text)
        {
            plan.AddStep(new WriteResolvConf(mark.Id, place.Name, text));
        }
    }

    /// <summary>Returns the text for a device with DHCP: of the work and, if that follows DHCP, of the lease.</summary>
    private static string ResolvConf(DeviceWork device, DhcpLease? lease, NamespaceState place)
    {
        if (!device.FollowsDhcp)
        {
            return ResolvConf(device.DnsServers, device.DomainName);
        }

        var servers = device.DnsServers.Count > 0 ? device.DnsServers : lease?.DnsServers;
        return servers is null ? place.ResolvConf ?? "" : ResolvConf(servers, device.DomainName ?? lease?.DomainName);
    }

    private static string ResolvConf(IReadOnlyList<string> servers, string? domain)
    {
        var lines = servers.Select(server => $"nameserver {server}\n");
        return string.Concat(domain is null ? lines : lines.Prepend($"search {domain}\n"));
    }

    private static bool IsAllowed(DeviceWork device, string address) =>
        IPAddress.TryParse(WithoutPrefix(address), out var ip)
        && device.AllowedAddresses?.Any(allowed => IPNetwork.TryParse(allowed, out var range) && range.Contains(ip)) == true;

    private static string WithoutPrefix(string address) => address[..address.IndexOf('/', StringComparison.Ordinal)];
}
