using OvnNestApi.Agent.Planning;
using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>
/// Host in memory: an Open_vSwitch database, ovs-vswitchd with the userspace datapath as it was observed to behave, devices, namespaces and
/// DHCP clients. It applies plans, so that tests can compare the result with the work.
/// </summary>
internal sealed class ModelHost
{
    // Names of the devices that ovs-vswitchd has opened. A deleted device stays here as long as its port exists, because only a new port
    // makes ovs-vswitchd create a device.
    private readonly HashSet<string> _opened = [];
    private readonly Dictionary<string, NamespaceRecord> _records = [];
    private readonly List<DhcpClient> _clients = [];
    private int _lastNumber = 100;

    public ModelOvs Ovs { get; } = new();

    public Dictionary<string, Link> Root { get; } = [];

    public Dictionary<string, NamespaceState> Namespaces { get; } = [];

    public IReadOnlyCollection<NamespaceRecord> Records => _records.Values;

    public IReadOnlyList<DhcpClient> Clients => _clients;

    /// <summary>Observes, plans and applies until a plan is empty or the rounds are used up; returns the last plan.</summary>
    public HostPlan Converge(HostWork work, int rounds = 10)
    {
        for (var round = 0; ; round++)
        {
            var plan = HostPlan.For(work, Observe());
            if (plan.IsEmpty || round == rounds)
            {
                return plan;
            }

            Apply(plan);
        }
    }

    public ObservedState Observe() =>
        new(
            Ovs.Read(),
            new NetworkState(new Dictionary<string, Link>(Root), new Dictionary<string, NamespaceState>(Namespaces)),
            [.. _records.Values],
            [.. _clients]
        );

    public void Apply(HostPlan plan)
    {
        Ovs.Apply(plan.Ovs.SelectMany(group => group.Ops));
        RunVswitchd();
        foreach (var step in plan.Steps.OrderBy(Order))
        {
            Apply(step);
        }
    }

    /// <summary>Creates the devices of new ports and deletes the devices of deleted ports, in any namespace.</summary>
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
                ++_lastNumber,
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

    /// <summary>ovs-vswitchd opens all ports again in the root namespace; devices in other namespaces lose their carrier.</summary>
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
                ?? new Link(++_lastNumber, name, "tun", "02:00:00:00:00:02", 1500, false, true, null, []);
        }
    }

    /// <summary>Starts a second DHCP client per resource. It deletes the lease and the address of the first one.</summary>
    public void DoubleClients()
    {
        foreach (var client in _clients.ToArray())
        {
            _clients.Remove(client);
            _clients.AddRange([client with { Lease = null }, client with { Lease = null, Pid = ++_lastNumber }]);
        }
        foreach (var (name, place) in Namespaces)
        {
            Namespaces[name] = place with
            {
                Links = place.Links.ToDictionary(link => link.Key, link => link.Value with { Addresses = [] }),
            };
        }
    }

    public void CreateNamespace(string name) =>
        Namespaces[name] = new NamespaceState(
            name,
            $"net:[{++_lastNumber}]",
            new Dictionary<string, Link> { ["lo"] = new(1, "lo", "", "", 65536, false, false, null, []) },
            null,
            null
        );

    /// <summary>Deletes a namespace with its devices. (A real one stays alive without a name while a process runs in it.)</summary>
    public void DeleteNamespace(string name) => Namespaces.Remove(name);

    public void DeleteLink(string place, string name) =>
        Namespaces[place] = Namespaces[place] with { Links = Namespaces[place].Links.Where(link => link.Key != name).ToDictionary() };

    public void Change(string place, string name, Func<Link, Link> change) =>
        Namespaces[place] = Namespaces[place] with
        {
            Links = Namespaces[place].Links.ToDictionary(link => link.Key, link => link.Key == name ? change(link.Value) : link.Value),
        };

    public OvsBridge Bridge(string name) => Assert.Single(Ovs.Read().Bridges, bridge => bridge.Name == name);

    public OvsPort Port(string name) => Assert.Single(Ovs.Read().Bridges.SelectMany(bridge => bridge.Ports), port => port.Name == name);

    public void KillClient(int pid) => _clients.RemoveAll(client => client.Pid == pid);

    public void Reboot()
    {
        _clients.Clear();
        Namespaces.Clear();
        Root.Clear();
        _opened.Clear();
        foreach (var (name, record) in _records.ToArray())
        {
            _records[name] = record with { IsFromThisBoot = false };
        }

        RunVswitchd();
    }

    private static int Order(Step step) =>
        step switch
        {
            StopClient => 0,
            IpCommand { Namespace: not null } => 1,
            RemoveNamespace => 2,
            AddNamespace => 3,
            IpCommand => 4,
            WriteResolvConf => 5,
            _ => 6,
        };

    private void Apply(Step step)
    {
        switch (step)
        {
            case StopClient stop:
                KillClient(stop.Pid);
                break;
            case AddNamespace add:
                _records[add.Namespace] = new NamespaceRecord(add.Namespace, add.Mark, true);
                CreateNamespace(add.Namespace);
                Namespaces[add.Namespace] = Namespaces[add.Namespace] with { ResolvConf = "" };
                break;
            case RemoveNamespace remove:
                if (remove.Exists)
                {
                    DeleteNamespace(remove.Namespace);
                }

                _records.Remove(remove.Namespace);
                break;
            case WriteResolvConf write:
                Namespaces[write.Namespace] = Namespaces[write.Namespace] with { ResolvConf = write.Text };
                break;
            case StartClient start:
                Start(start);
                break;
            case IpCommand ip:
                Run(ip);
                break;
        }
    }

    private void Start(StartClient start)
    {
        var lease = new DhcpLease("10.0.0.9/24", "10.0.0.1");
        _clients.Add(
            new DhcpClient(
                start.ResourceId,
                ++_lastNumber,
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
    }

    // Like ip(8): a command that fails changes nothing.
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
