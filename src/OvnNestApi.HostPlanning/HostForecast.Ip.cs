namespace OvnNestApi.HostPlanning;

internal sealed partial class HostForecast
{
    // The commands are those of the plans. Like ip(8), a command for a device that does not exist changes nothing.
    private void Run(IpCommand command)
    {
        var words = command.Line.Split(' ');
        if (words is ["route", "flush", ..])
        {
            WithRoutes(command, _ => []);
            return;
        }

        var name = words is ["link", ..] ? words[3] : words[^1];
        if (Find(command.Namespace, name) is not { } link)
        {
            return;
        }

        switch (words)
        {
            case ["link", "delete", ..]:
                With(command, name, null);
                break;
            case ["link", "set", "dev", _, "netns", var place]:
                With(command, name, null);
                With(command with { Namespace = place }, name, link with { IsUp = false, Addresses = [] });
                break;
            case ["link", "set", "dev", _, .. var settings]:
                With(command, name, Set(link, settings));
                break;
            case ["address", "delete", var address, ..]:
                With(command, name, link with { Addresses = [.. link.Addresses.Except([address])] });
                break;
            case ["address", "replace", var address, ..]:
                With(command, name, link with { Addresses = [.. link.Addresses, address] });
                break;
            case ["route", "add", "default", "via", var gateway, ..]:
                WithRoutes(command, routes => [.. routes, new DefaultRoute(gateway, link.Index)]);
                break;
            default:
                throw new NotSupportedException($"The forecast does not know the command ip {command.Line}.");
        }
    }

    private Link? Find(string? place, string name) =>
        place is null ? _root.GetValueOrDefault(name) : _namespaces.GetValueOrDefault(place)?.Links.GetValueOrDefault(name);

    private static Link Set(Link link, string[] settings)
    {
        for (var i = 0; i < settings.Length; i++)
        {
            link = settings[i] switch
            {
                "address" => link with { Mac = settings[++i] },
                "mtu" => link with { Mtu = int.Parse(settings[++i], System.Globalization.CultureInfo.InvariantCulture) },
                "alias" => link with { Alias = settings[++i] },
                "up" => link with { IsUp = true },
                var other => throw new NotSupportedException($"The forecast does not know the setting {other} of ip link set."),
            };
        }

        return link;
    }

    /// <summary>Replaces a device in the command's namespace; null removes it.</summary>
    private void With(IpCommand command, string name, Link? link)
    {
        if (command.Namespace is not { } place)
        {
            Replace(_root, name, link);
        }
        else if (_namespaces.GetValueOrDefault(place) is { } state)
        {
            var links = new Dictionary<string, Link>(state.Links);
            Replace(links, name, link);
            _namespaces[place] = state with { Links = links };
        }
    }

    private static void Replace(Dictionary<string, Link> links, string name, Link? link)
    {
        if (link is null)
        {
            links.Remove(name);
        }
        else
        {
            links[name] = link;
        }
    }

    private void WithRoutes(IpCommand command, Func<IReadOnlyList<DefaultRoute>, IReadOnlyList<DefaultRoute>> change)
    {
        if (command.Namespace is { } place && _namespaces.GetValueOrDefault(place) is { } state)
        {
            _namespaces[place] = state with { DefaultRoutes = change(state.DefaultRoutes) };
        }
    }
}
