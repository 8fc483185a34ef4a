using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.Planning;

internal sealed partial class ModelHost
{
    // Like ip(8): a command that fails changes nothing.
    private void Run(IpCommand command)
    {
        var links = command.Namespace is null ? Root : Namespaces.GetValueOrDefault(command.Namespace)?.Links.ToDictionary();
        var words = command.Line.Split(' ');
        if (words is ["route", "flush", ..])
        {
            Namespaces[command.Namespace ?? ""] = Namespaces[command.Namespace ?? ""] with { DefaultRoutes = [] };
            return;
        }

        var name = words is ["link", ..] ? words[3] : words[^1];
        if (links?.GetValueOrDefault(name) is not { } link)
        {
            return;
        }

        switch (words)
        {
            case ["link", "delete", "dev", _]:
                links.Remove(name);
                break;
            case ["link", "set", "dev", _, "netns", var place]
                when Namespaces.TryGetValue(place, out var target) && !target.Links.ContainsKey(name):
                links.Remove(name);
                Namespaces[place] = target with
                {
                    Links = target.Links.Append(new(name, link with { IsUp = false, Addresses = [] })).ToDictionary(),
                };
                break;
            case ["link", "set", "dev", _, .. var settings]:
                for (var i = 0; i < settings.Length; i++)
                {
                    link = settings[i] switch
                    {
                        "address" => link with { Mac = settings[++i] },
                        "mtu" => link with { Mtu = int.Parse(settings[++i]) },
                        "alias" => link with { Alias = settings[++i] },
                        "up" => link with { IsUp = true },
                        _ => throw new NotSupportedException(command.Line),
                    };
                }

                links[name] = link;
                break;
            case ["address", "delete", var address, ..]:
                links[name] = link with { Addresses = [.. link.Addresses.Except([address])] };
                break;
            case ["address", "replace", var address, ..]:
                links[name] = link with { Addresses = [.. link.Addresses, address] };
                break;
            case ["route", "add", "default", "via", var gateway, ..] when command.Namespace is { } target:
                var routes = Namespaces[target].DefaultRoutes;
                Namespaces[target] = Namespaces[target] with { DefaultRoutes = [.. routes, new DefaultRoute(gateway, link.Index)] };
                return;
            case ["route", "delete", "default", "via", var gateway, ..] when command.Namespace is { } target:
                var left = Namespaces[target].DefaultRoutes.Where(route => route != new DefaultRoute(gateway, link.Index));
                Namespaces[target] = Namespaces[target] with { DefaultRoutes = [.. left] };
                return;
            default:
                throw new NotSupportedException(command.Line);
        }
        if (command.Namespace is { } inside)
        {
            Namespaces[inside] = Namespaces[inside] with { Links = links };
        }
    }
}
