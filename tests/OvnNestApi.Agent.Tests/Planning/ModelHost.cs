using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>
/// Host in memory: an Open_vSwitch database, ovs-vswitchd with the userspace datapath as it was observed to behave, devices, namespaces and
/// DHCP clients. It applies plans, so that tests can compare the result with the work.
/// </summary>
internal sealed partial class ModelHost
{
    // Names of the devices that ovs-vswitchd has opened. A deleted device stays here as long as its port exists, because only a new port
    // makes ovs-vswitchd create a device.
    private readonly HashSet<string> _opened = [];
    private readonly Dictionary<string, NamespaceRecord> _records = [];
    private readonly List<DhcpClient> _clients = [];
    private int _lastNumber = 100;

    public ModelOvs Ovs { get; } = new();

    /// <summary>Lease time in seconds that DHCP assigns.</summary>
    public int LeaseTime { get; set; } = 3600;

    public Dictionary<string, Link> Root { get; } = [];

    public Dictionary<string, NamespaceState> Namespaces { get; } = [];

    /// <summary>Devices in namespaces without a name.</summary>
    public List<Link> Others { get; } = [];

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
            new NetworkState(new Dictionary<string, Link>(Root), new Dictionary<string, NamespaceState>(Namespaces), [.. Others]),
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

    /// <param name="mark">Alias of the loopback device; null for a namespace of another program.</param>
    public void CreateNamespace(string name, string? mark = null) =>
        Namespaces[name] = new NamespaceState(
            name,
            $"net:[{++_lastNumber}]",
            new Dictionary<string, Link> { ["lo"] = new(1, "lo", "", "", 65536, false, false, mark, []) },
            [],
            null
        );

    /// <summary>Deletes the agent's records, as if its state folder was lost.</summary>
    public void LoseRecords() => _records.Clear();

    /// <summary>Deletes a namespace with its devices. (A real one stays alive without a name while a process runs in it.)</summary>
    public void DeleteNamespace(string name) => Namespaces.Remove(name);

    public void DeleteLink(string place, string name) =>
        Namespaces[place] = Namespaces[place] with { Links = Namespaces[place].Links.Where(link => link.Key != name).ToDictionary() };

    public void Change(string place, string name, Func<Link, Link> change) =>
        Namespaces[place] = Namespaces[place] with
        {
            Links = Namespaces[place].Links.ToDictionary(link => link.Key, link => link.Key == name ? change(link.Value) : link.Value),
        };

    /// <summary>Moves a device from the root namespace to another one, as a container runtime does.</summary>
    public void MoveOut(string name, string place)
    {
        Root.Remove(name, out var link);
        Namespaces[place] = Namespaces[place] with { Links = Namespaces[place].Links.Append(new(name, link!)).ToDictionary() };
    }

    public OvsBridge Bridge(string name) => Assert.Single(Ovs.Read().Bridges, bridge => bridge.Name == name);

    public OvsPort Port(string name) => Assert.Single(Ovs.Read().Bridges.SelectMany(bridge => bridge.Ports), port => port.Name == name);

    public void KillClient(int pid) => _clients.RemoveAll(client => client.Pid == pid);

    public void Reboot()
    {
        _clients.Clear();
        Namespaces.Clear();
        Root.Clear();
        _opened.Clear();
        RunVswitchd();
    }

    private static int Order(Step step) =>
        step switch
        {
            StopClient or RenewLease => 0,
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
            case RenewLease renew:
                var index = _clients.FindIndex(client => client.Pid == renew.Pid);
                _clients[index] = _clients[index] with { Lease = _clients[index].Lease! with { Time = LeaseTime } };
                break;
            case AddNamespace add:
                _records[add.Namespace] = new NamespaceRecord(add.Namespace, add.Mark);
                CreateNamespace(add.Namespace, add.Mark.Alias);
                Namespaces[add.Namespace] = Namespaces[add.Namespace] with { ResolvConf = "" };
                break;
            case RecordNamespace record:
                _records[record.Namespace] = new NamespaceRecord(record.Namespace, record.Mark);
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
        var lease = new DhcpLease("10.0.0.9/24", "10.0.0.1", LeaseTime, ["10.0.0.1"], "example.org");
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
        Namespaces[start.Namespace] = Namespaces[start.Namespace] with { DefaultRoutes = [new DefaultRoute(lease.Router, start.Index)] };
    }
}
