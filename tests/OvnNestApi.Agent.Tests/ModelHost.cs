using OvnNestApi.Agent.Planning;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Tests;

/// <summary>
/// A host in memory: an OVS database, ovs-vswitchd in userspace as it was seen to behave, devices, namespaces, DHCP clients. It carries
/// out plans, so that what they come to can be compared with what was wanted.
/// </summary>
internal sealed class ModelHost
{
    // What ovs-vswitchd has opened, by name. A device that is gone stays here as long as the port does: only a new port is a new device.
    private readonly HashSet<string> _opened = [];
    private readonly Dictionary<string, NamespaceRecord> _notes = [];
    private readonly List<DhcpClient> _clients = [];
    private int _numbers = 100;

    public ModelOvs Ovs { get; } = new();

    public Dictionary<string, Link> Root { get; } = [];

    public Dictionary<string, NamespaceState> Namespaces { get; } = [];

    public IReadOnlyCollection<NamespaceRecord> Notes => _notes.Values;

    public IReadOnlyList<DhcpClient> Clients => _clients;

    /// <summary>Passes as the agent makes them; gives the last plan, which is empty unless the host does not come to rest.</summary>
    public HostPlan Converge(HostWork work, int rounds = 10)
    {
        for (var round = 0; ; round++)
        {
            var plan = HostPlan.For(work, Look());
            if (plan.IsEmpty || round == rounds)
            {
                return plan;
            }

            Do(plan);
        }
    }

    public ObservedState Look() =>
        new(
            Ovs.Read(),
            new NetworkState(new Dictionary<string, Link>(Root), new Dictionary<string, NamespaceState>(Namespaces)),
            [.. _notes.Values],
            [.. _clients]
        );

    public void Do(HostPlan plan)
    {
        Ovs.Apply(plan.Ovs.SelectMany(group => group.Ops));
        RunVswitchd();
        foreach (var step in plan.Steps.OrderBy(Order))
        {
            Do(step);
        }
    }

    /// <summary>Makes the devices of new ports, and removes those of ports that are gone, wherever they are.</summary>
    public void RunVswitchd()
    {
        var wanted = Ovs.Rows("Interface").Where(row => row["type"] == "internal").ToDictionary(row => row["name"].AsString());
        foreach (var gone in _opened.Except(wanted.Keys).ToArray())
        {
            _opened.Remove(gone);
            Root.Remove(gone);
            foreach (var (name, place) in Namespaces)
            {
                Namespaces[name] = place with
                {
                    Links = place.Links.Where(link => link.Key != gone || !link.Value.HasCarrier).ToDictionary(),
                };
            }
        }
        foreach (var (name, row) in wanted.Where(entry => _opened.Add(entry.Key)))
        {
            Root[name] = new Link(
                ++_numbers,
                name,
                "tun",
                row.GetValueOrDefault("mac").AsOptionalString() ?? "02:00:00:00:00:01",
                1500,
                false,
                true,
                null,
                []
            );
        }
    }

    /// <summary>It opens every port anew, in the host's namespace; what was elsewhere has nobody behind it any more.</summary>
    public void RestartVswitchd()
    {
        foreach (var (name, place) in Namespaces)
        {
            Namespaces[name] = place with
            {
                Links = place.Links.ToDictionary(
                    link => link.Key,
                    link => _opened.Contains(link.Key) ? link.Value with { HasCarrier = false } : link.Value
                ),
            };
        }

        foreach (var name in _opened)
        {
            Root[name] = Root.GetValueOrDefault(name)
                ?? new Link(++_numbers, name, "tun", "02:00:00:00:00:02", 1500, false, true, null, []);
        }
    }

    /// <summary>A second DHCP client of each object: as it starts, it takes away the lease and the address that the first has set.</summary>
    public void DoubleClients()
    {
        foreach (var client in _clients.ToArray())
        {
            _clients.Remove(client);
            _clients.AddRange([client with { Lease = null }, client with { Lease = null, Pid = ++_numbers }]);
        }
        foreach (var (name, place) in Namespaces)
        {
            Namespaces[name] = place with
            {
                Links = place.Links.ToDictionary(link => link.Key, link => link.Value with { Addresses = [] }),
            };
        }
    }

    public void AddNamespace(string name) =>
        Namespaces[name] = new NamespaceState(
            name,
            $"net:[{++_numbers}]",
            new Dictionary<string, Link> { ["lo"] = new(1, "lo", "", "", 65536, false, false, null, []) },
            null,
            null
        );

    /// <summary>Its devices go with it, unless a client keeps it alive without a name.</summary>
    public void DeleteNamespace(string name) => Namespaces.Remove(name);

    public void DeleteLink(string place, string name) =>
        Namespaces[place] = Namespaces[place] with { Links = Namespaces[place].Links.Where(link => link.Key != name).ToDictionary() };

    public void Change(string place, string name, Func<Link, Link> change) =>
        Namespaces[place] = Namespaces[place] with
        {
            Links = Namespaces[place].Links.ToDictionary(link => link.Key, link => link.Key == name ? change(link.Value) : link.Value),
        };

    public void KillClient(int pid) => _clients.RemoveAll(client => client.Pid == pid);

    public void Reboot()
    {
        _clients.Clear();
        Namespaces.Clear();
        Root.Clear();
        _opened.Clear();
        foreach (var (name, note) in _notes.ToArray())
        {
            _notes[name] = note with { IsFromThisBoot = false };
        }

        RunVswitchd();
    }

    private static int Order(Step step) =>
        step switch
        {
            StopClient => 0,
            IpCommand { Namespace: not null } => 1,
            RemoveNamespace => 2,
            Planning.AddNamespace => 3,
            IpCommand => 4,
            WriteResolvConf => 5,
            _ => 6,
        };

    private void Do(Step step)
    {
        switch (step)
        {
            case StopClient stop:
                KillClient(stop.Pid);
                break;
            case Planning.AddNamespace add:
                _notes[add.Namespace] = new NamespaceRecord(add.Namespace, add.Mark, true);
                AddNamespace(add.Namespace);
                Namespaces[add.Namespace] = Namespaces[add.Namespace] with { ResolvConf = "" };
                break;
            case RemoveNamespace remove:
                if (remove.Exists)
                {
                    DeleteNamespace(remove.Namespace);
                }

                _notes.Remove(remove.Namespace);
                break;
            case WriteResolvConf write:
                Namespaces[write.Namespace] = Namespaces[write.Namespace] with { ResolvConf = write.Text };
                break;
            case StartClient start:
                var lease = new DhcpLease("10.0.0.9/24", "10.0.0.1");
                _clients.Add(
                    new DhcpClient(
                        start.ResourceId,
                        ++_numbers,
                        Namespaces[start.Namespace].Identity ?? "",
                        start.Index,
                        TimeSpan.FromSeconds(1),
                        lease
                    )
                );
                Change(start.Namespace, start.Device, link => link with { Addresses = [lease.Address] });
                Namespaces[start.Namespace] = Namespaces[start.Namespace] with
                {
                    DefaultGateway = lease.Router,
                    ResolvConf = "nameserver 10.0.0.1\n",
                };
                break;
            case IpCommand ip:
                Run(ip);
                break;
        }
    }

    // As ip(8): what fails changes nothing.
    private void Run(IpCommand command)
    {
        var links = command.Namespace is null ? Root : Namespaces.GetValueOrDefault(command.Namespace)?.Links.ToDictionary();
        var words = command.Line.Split(' ');
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
            case ["route", "replace", "default", "via", var gateway, ..]:
                Namespaces[command.Namespace ?? ""] = Namespaces[command.Namespace ?? ""] with { DefaultGateway = gateway };
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
