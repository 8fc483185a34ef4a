using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Change of a host that the agent did not make.</summary>
/// <param name="Kind">Kind of damage, from 0 to <see cref="Kinds"/> - 1.</param>
/// <param name="Which">Selects the damaged item among all items of the kind.</param>
internal sealed record Damage(int Kind, int Which)
{
    public const int Kinds = 14;

    public void ApplyTo(ModelHost host)
    {
        T? Pick<T>(IEnumerable<T> all) => all.ToArray() is { Length: > 0 } list ? list[Which % list.Length] : default;

        var ports = host
            .Ovs.Read()
            .Bridges.Where(bridge => bridge.Name != "br-int")
            .SelectMany(bridge => bridge.Ports)
            .Select(port => port.Name)
            .ToArray();
        var place = Pick(host.Namespaces.Values.OrderBy(place => place.Name));
        switch (Kind)
        {
            case 0 when place is not null:
                host.DeleteNamespace(place.Name);
                break;
            case 1 when Pick(ports) is { } port:
                host.Ovs.Delete("Port", port);
                host.RunVswitchd();
                break;
            case 2 when Pick(host.Ovs.Read().Bridges.Where(bridge => bridge.Name != "br-int")) is { } bridge:
                host.Ovs.Delete("Bridge", bridge.Name);
                host.RunVswitchd();
                break;
            case 3 when Pick(ports) is { } port:
                host.Ovs.Rows("Port").Single(row => row["name"] == port)["tag"] = 77;
                break;
            case 4 when Pick(ports) is { } port:
                host.Ovs.Rows("Port").Single(row => row["name"] == port)["external_ids"] = Ovsdb.OvsdbValue.EmptyMap;
                break;
            case 5:
                host.RestartVswitchd();
                break;
            case 6:
                host.Ovs.Empty();
                host.RunVswitchd();
                break;
            case 7:
                host.Reboot();
                break;
            case 8 when Pick(host.Clients) is { } client:
                host.KillClient(client.Pid);
                break;
            case 9 when place is not null && Pick(place.Links.Keys) is { } name:
                host.Change(place.Name, name, link =>
                    link with
                    {
                        Mac = "02:00:00:00:00:77",
                        Mtu = 900,
                        IsUp = false,
                        Alias = name == "lo" ? link.Alias : null, // without it the namespace is not ours
                        Addresses = [],
                    }
                );
                break;
            case 10 when place is not null && Pick(place.Links.Keys.Where(name => name != "lo")) is { } name:
                host.DeleteLink(place.Name, name);
                break;
            case 11 when place is not null:
                host.Namespaces[place.Name] = place with { DefaultRoutes = [], ResolvConf = null };
                break;
            case 12 when place is not null:
                host.Namespaces[place.Name] = place with { DefaultRoutes = [new DefaultRoute("10.0.0.66", 1), .. place.DefaultRoutes] };
                break;
            case 13:
                host.LoseRecords();
                break;
        }
    }
}
