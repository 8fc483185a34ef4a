using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OvnNestApi.Allocation;
using OvnNestApi.Conditions;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;
using OvnNestApi.Telemetry;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// A PostgreSQL database, an ovsdb-server with the northbound schema, optionally ovn-northd, and reconcilers that tests start and stop.
/// </summary>
internal sealed class ReconciledInstallation : IAsyncDisposable
{
    private readonly List<ServiceProvider> _processes = [];
    private readonly bool _isGuest;
    private ChildProcess? _northd;
    private OvsdbServer? _southbound;

    private ReconciledInstallation(Installation nest, OvsdbServer server, bool isGuest) =>
        (Nest, Server, _isGuest) = (nest, server, isGuest);

    public Installation Nest { get; }

    public OvsdbServer Server { get; }

    public ServiceProvider First => _processes[0];

    public ServiceProvider Last => _processes[^1];

    public CollectedLog Log { get; } = new();

    public static async Task<ReconciledInstallation> StartAsync(params (string Key, string Value)[] settings)
    {
        var cloud = new ReconciledInstallation(await Installation.CreateAsync(), await OvsdbServer.StartNewAsync(), isGuest: false);
        await cloud.ReconcileAsync(settings);
        return cloud;
    }

    /// <summary>Another installation on the same NB.</summary>
    public static async Task<ReconciledInstallation> StartOnAsync(OvsdbServer server)
    {
        var cloud = new ReconciledInstallation(await Installation.CreateAsync(), server, isGuest: true);
        await cloud.ExecuteAsync($"UPDATE leader SET installation = gen_random_uuid()"); // the databases of all tests are copies of one
        await cloud.ReconcileAsync();
        return cloud;
    }

    /// <summary>Starts one more process that reconciles.</summary>
    public async Task<ServiceProvider> ReconcileAsync(params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?>
        {
            ["ConnectionStrings:Nest"] = Nest.Database,
            ["Northbound:Endpoints"] = Server.Endpoint,
            ["Northbound:Instance"] = "lab",
            ["Reconciler:Heartbeat"] = "00:00:00.2",
            ["Reconciler:TakeOverAfter"] = "00:00:02",
            ["Reconciler:UpDebounce"] = "00:00:00.3",
        };
        foreach (var (key, value) in settings)
        {
            values[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Random.Shared);
        services.AddData(configuration);
        services.AddAllocation(configuration);
        services.AddConditions(configuration);
        services.AddPlacements();
        services.AddReconciling(configuration);
        var provider = services.BuildServiceProvider();
        _processes.Add(provider);
        await Reconciler(provider).StartAsync(default);
        return provider;
    }

    public static IHostedService Reconciler(ServiceProvider provider) =>
        provider.GetServices<IHostedService>().OfType<Reconciler>().Single();

    /// <summary>Tells the reconcilers that something was written, as a request would.</summary>
    public void Wake() => _processes.ForEach(process => process.GetRequiredService<Signals>().Dirty.Set());

    /// <summary>Waits until nothing is dirty any more.</summary>
    public async Task SettledAsync()
    {
        Wake();
        await Eventually.Becomes(
            "nothing is dirty",
            async () =>
                (
                    Dirty: await Nest.ReadAsync(db =>
                        db.Database.SqlQuery<string>(
                                $"""
                                SELECT name AS "Value" FROM networks WHERE dirty_seq > reconciled_seq UNION ALL SELECT name FROM routers
                                    WHERE dirty_seq > reconciled_seq
                                UNION ALL SELECT name FROM vms WHERE dirty_seq > reconciled_seq UNION ALL SELECT name FROM containers
                                    WHERE dirty_seq > reconciled_seq
                                """
                            )
                            .ToListAsync()
                    ),
                    Log
                ),
            seen => seen.Dirty.Count == 0
        );
    }

    /// <summary>The seed's lab: network dmz, vm5 in it, and containers c51, c52, … in that.</summary>
    public async Task<(Network Network, Vm Vm, IReadOnlyList<Container> Containers)> LabAsync(int containers = 2)
    {
        var network = await Nest.NetworkAsync(subnet: "172.16.0.0/16", gateway: "172.16.0.1");
        await DirtyAsync(network);
        var vm = await Nest.VmAsync("vm5", network, null);
        var all = new List<Container>();
        for (var tag = 51; tag < 51 + containers; tag++)
        {
            all.Add(await Nest.ContainerAsync(vm, $"c{tag}", tag));
        }

        await SettledAsync();
        return (network, vm, all);
    }

    /// <summary>A network on a switch that others made, or will.</summary>
    public async Task<Network> ExistingNetworkAsync()
    {
        var network = new Network
        {
            Name = "dmz",
            Spec = "{}",
            SwitchName = "dmz",
            SwitchExisting = true,
            Subnet = Cidr.TryParse("172.16.255.128/26", out var subnet) ? subnet : null,
            DhcpEnabled = true,
            DirtySeq = await NextAsync(),
        };
        await Nest.DoAsync(db =>
        {
            db.Networks.Add(network);
            return Task.CompletedTask;
        });
        return network;
    }

    public Task DirtyAsync(Network network) =>
        ExecuteAsync($"UPDATE networks SET dirty_seq = nextval('dirty_seq') WHERE id = {network.Id}");

    public Task DirtyAsync(Container container) =>
        ExecuteAsync($"UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE id = {container.Id}");

    public Task<Container> ReadAsync(Container container) =>
        Nest.ReadAsync(db => db.Containers.AsNoTracking().SingleAsync(c => c.Id == container.Id));

    public Task<LeaderRow> LeaderAsync() => Nest.ReadAsync(db => db.Leader.AsNoTracking().SingleAsync());

    public Task PortBecomesAsync(string port, string column, string value) =>
        Eventually.Becomes($"{column} of {port} is {value}", () => GetAsync(port, column), seen => seen == value);

    public async Task<Router> RouterAsync(string name)
    {
        var router = new Router
        {
            Name = name,
            Spec = "{}",
            DirtySeq = await NextAsync(),
        };
        await Nest.DoAsync(db =>
        {
            db.Routers.Add(router);
            return Task.CompletedTask;
        });
        return router;
    }

    public Task ExecuteAsync(FormattableString sql) => Nest.DoAsync(db => db.Database.ExecuteSqlAsync(sql));

    private Task<long> NextAsync() => Nest.ReadAsync(db => db.NextDirtySeqAsync(default));

    /// <summary>Somebody with a shell: <c>ovn-nbctl</c> on this NB.</summary>
    public Task<string> NbctlAsync(params string[] arguments) =>
        ChildProcess.RunAsync("ovn-nbctl", [$"--db={Server.Endpoint}", "--timeout=10", .. arguments]);

    public async Task<string> GetAsync(string record, string column) =>
        (await NbctlAsync("--if-exists", "get", "Logical_Switch_Port", record, column)).Trim();

    /// <summary>The names of all ports, sorted.</summary>
    public async Task<IReadOnlyList<string>> PortsAsync()
    {
        var names = await NbctlAsync("--bare", "--columns=name", "list", "Logical_Switch_Port");
        return [.. names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    /// <summary>The program that copies <c>tag_request</c> into <c>tag</c> and reports <c>hv_cfg</c>; it needs an SB.</summary>
    public async Task StartNorthdAsync()
    {
        _southbound = await OvsdbServer.StartNewAsync("/usr/share/ovn/ovn-sb.ovsschema");
        _northd = ChildProcess.Start(
            "ovn-northd",
            [
                $"--ovnnb-db={Server.Endpoint}",
                $"--ovnsb-db={_southbound.Endpoint}",
                $"--unixctl={_southbound.Folder}/northd.ctl",
                "-vsyslog:off",
                "-vfile:off",
            ]
        );
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes)
        {
            await Reconciler(process).StopAsync(default);
            await process.DisposeAsync();
        }
        if (_northd is not null)
        {
            await _northd.DisposeAsync();
        }

        if (_southbound is not null)
        {
            await _southbound.DisposeAsync();
        }

        if (!_isGuest)
        {
            await Server.DisposeAsync();
        }
    }
}
