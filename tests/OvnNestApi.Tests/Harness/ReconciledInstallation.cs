using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OvnNestApi.Data;
using OvnNestApi.Placements;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>
/// API processes with a PostgreSQL database, and an ovsdb-server with the northbound schema that they reconcile; optionally ovn-northd. The
/// processes run inside the process of the tests. The cool-down of tags takes no time. The sweeper runs only when a test calls
/// <see cref="SweepAsync"/>, so that a test sees what it has not swept yet.
/// </summary>
public sealed partial class ReconciledInstallation : IAsyncDisposable
{
    private readonly List<TestApi> _processes = [];

    /// <summary>Statement that returns the names of dirty resources.</summary>
    public const string Dirty = """
        SELECT name AS "Value" FROM networks WHERE dirty_seq > reconciled_seq
        UNION ALL SELECT name FROM routers WHERE dirty_seq > reconciled_seq
        UNION ALL SELECT name FROM vms WHERE dirty_seq > reconciled_seq
        UNION ALL SELECT name FROM containers WHERE dirty_seq > reconciled_seq
        """;

    private readonly string _database;
    private readonly bool _ownsServer;
    private ChildProcess? _northd;
    private OvsdbServer? _southbound;

    private ReconciledInstallation(string database, OvsdbServer server, bool ownsServer) =>
        (_database, Server, _ownsServer) = (database, server, ownsServer);

    /// <summary>The first process.</summary>
    public TestApi Api => _processes[0];

    /// <summary>The northbound database.</summary>
    public OvsdbServer Server { get; }

    /// <summary>The connection string of the database.</summary>
    public string Database => _database;

    internal CollectedLog Log { get; } = new();

    /// <summary>Starts an installation with one process.</summary>
    public static async Task<ReconciledInstallation> StartAsync(params (string Name, string Value)[] settings)
    {
        var nest = new ReconciledInstallation(await TestDatabase.CreateAsync(), await OvsdbServer.StartNewAsync(), ownsServer: true);
        await nest.StartProcessAsync(settings);
        return nest;
    }

    /// <summary>Starts another installation with the same northbound database.</summary>
    public static async Task<ReconciledInstallation> StartOnAsync(OvsdbServer server)
    {
        var nest = new ReconciledInstallation(await TestDatabase.CreateAsync(), server, ownsServer: false);

        // The databases of all tests are copies of one, which has the identity of an installation already.
        await using (var db = new NestDb(NestDbRegistration.Options(nest._database)))
        {
            await db.Database.ExecuteSqlAsync($"UPDATE leader SET installation = gen_random_uuid()");
        }

        await nest.StartProcessAsync();
        return nest;
    }

    /// <summary>Starts one more process.</summary>
    public async Task<TestApi> StartProcessAsync(params (string Name, string Value)[] settings)
    {
        var process = new TestApi(
            _database,
            [
                ("Northbound:Endpoints", Server.Endpoint),
                ("Northbound:Instance", "lab"),
                ("Reconciler:Heartbeat", "00:00:00.2"),
                ("Reconciler:TakeOverAfter", "00:00:02"),
                ("Reconciler:UpDebounce", "00:00:00.3"),
                ("Leases:Cooldown", "00:00:00"),
                ("RateLimit:PerSecond", "0"),
                .. settings,
            ]
        )
        {
            ConfigureServices = Configure,
        };
        _processes.Add(process);
        await process.InitializeAsync();
        return process;
    }

    /// <summary>Stops the reconciler of the process that was started last; the process still answers requests.</summary>
    public Task StopReconcilerAsync() => StopReconcilerAsync(_processes[^1]);

    /// <summary>Stops the reconciler of this process; the process still answers requests.</summary>
    public static Task StopReconcilerAsync(TestApi process) => process.Background<Reconciler>().StopAsync(default);

    /// <summary>Runs the sweeper once.</summary>
    public Task SweepAsync() => Api.Services.GetRequiredService<Sweeper>().SweepAsync(default);

    /// <summary>Wakes the reconcilers after a change of the database that no request has made.</summary>
    public void Wake() => _processes.ForEach(process => process.Services.GetRequiredService<Signals>().Dirty.Set());

    /// <summary>Waits until the reconciler has written all changes to the northbound database.</summary>
    public async Task SettledAsync()
    {
        Wake();
        await Eventually.Becomes(
            "nothing is dirty",
            async () => (Dirty: await ReadAsync(db => db.Database.SqlQueryRaw<string>(Dirty).ToListAsync()), Log),
            seen => seen.Dirty.Count == 0
        );
    }

    internal Task<T> ReadAsync<T>(Func<NestDb, Task<T>> read) => Api.ReadAsync(read);

    /// <summary>Runs statements in one transaction. Call <see cref="Wake"/> if the reconciler must act on them.</summary>
    internal Task ExecuteAsync(FormattableString sql) => Api.ExecuteAsync(sql);

    /// <summary>Creates a network.</summary>
    internal async Task<Network> NetworkAsync(
        string name = "dmz",
        string spec = """{"subnet":"172.16.255.128/26","gateway":"172.16.255.129"}"""
    )
    {
        var id = (await Api.PutSpecAsync($"/v1/networks/{name}", spec)).Id;
        return await ReadAsync(db => db.Networks.AsNoTracking().SingleAsync(network => network.Id == id));
    }

    /// <summary>Creates a host with an enrolled agent.</summary>
    internal async Task<SimulatedAgent> HostAsync(string name = "ubuntu2", string spec = "{}")
    {
        await Api.PutSpecAsync($"/v1/hosts/{name}", spec);
        return await SimulatedAgent.EnrolAsync(Api, name);
    }

    /// <summary>
    /// Waits until a host is silent, and no contact is left to be written. Start the installation with a <c>Hosts:SilentAfter</c> of 1 s;
    /// contacts are then written every half second.
    /// </summary>
    internal Task SilentAsync(SimulatedAgent agent) =>
        Eventually.Holds($"{agent.Host} is silent", () => ReadAsync(db => db.Database.SqlQuery<bool>(Silent(agent.Host)).SingleAsync()));

    /// <summary>Creates or updates a VM.</summary>
    internal async Task<Vm> VmAsync(string name = "vm5", string network = "dmz", string? host = null, string? ranges = null)
    {
        var id = (await Api.PutSpecAsync($"/v1/vms/{name}", Json(("network", network), ("host", host), ("vlanRanges", ranges)))).Id;
        return await ReadAsync(db => db.Vms.AsNoTracking().SingleAsync(vm => vm.Id == id));
    }

    /// <summary>Creates or updates a container.</summary>
    internal async Task<Container> ContainerAsync(string name, int? tag = null, string? lease = null, string vm = "vm5")
    {
        var id = (await PutContainerAsync(name, tag, lease, vm)).Id;
        return await ReadAsync(db => db.Containers.AsNoTracking().SingleAsync(container => container.Id == id));
    }

    /// <summary>Sends the PUT of a container, which the API may refuse.</summary>
    public Task<ApiResponse> PutContainerAsync(string name, int? tag = null, string? lease = null, string vm = "vm5") =>
        Api.PutAsync($"/v1/vms/{vm}/containers/{name}", $$"""{"spec":{{Json(("vlan", tag), ("lease", lease))}}}""");

    /// <summary>Deletes a container.</summary>
    public async Task DeleteContainerAsync(string name, string vm = "vm5") =>
        (await Api.DeleteAsync($"/v1/vms/{vm}/containers/{name}")).IsSuccess();

    /// <summary>Deletes a VM with its containers.</summary>
    public async Task DeleteVmAsync(string name = "vm5") => (await Api.DeleteAsync($"/v1/vms/{name}?cascade=true")).IsSuccess();

    /// <summary>Creates the network dmz, vm5 in it, and containers c51, c52 and so on with these tags in vm5.</summary>
    internal async Task<(Network Network, Vm Vm, IReadOnlyList<Container> Containers)> LabAsync(int containers = 2, string? host = null)
    {
        var network = await NetworkAsync(spec: """{"subnet":"172.16.0.0/16","gateway":"172.16.0.1"}""");
        var vm = await VmAsync(host: host);
        var all = new List<Container>();
        for (var tag = 51; tag < 51 + containers; tag++)
        {
            all.Add(await ContainerAsync($"c{tag}", tag));
        }

        await SettledAsync();
        return (network, vm, all);
    }

    internal Task<Container> ReadAsync(Container container) =>
        ReadAsync(db => db.Containers.AsNoTracking().SingleAsync(c => c.Id == container.Id));

    internal Task<LeaderRow> LeaderAsync() => ReadAsync(db => db.Leader.AsNoTracking().SingleAsync());

    public Task PortBecomesAsync(string port, string column, string value) =>
        Eventually.Becomes($"{column} of {port} is {value}", () => GetAsync(port, column), seen => seen == value);

    /// <summary>Runs <c>ovn-nbctl</c> on the northbound database, as an operator does.</summary>
    public Task<string> NbctlAsync(params string[] arguments) =>
        ChildProcess.RunAsync("ovn-nbctl", [$"--db={Server.Endpoint}", "--timeout=10", .. arguments]);

    /// <summary>Runs <c>ovn-sbctl</c> on the southbound database of <see cref="StartNorthdAsync"/>.</summary>
    public Task<string> SbctlAsync(params string[] arguments) =>
        ChildProcess.RunAsync("ovn-sbctl", [$"--db={_southbound!.Endpoint}", "--timeout=10", .. arguments]);

    public async Task<string> GetAsync(string record, string column) =>
        (await NbctlAsync("--if-exists", "get", "Logical_Switch_Port", record, column)).Trim();

    /// <summary>Returns the names of all ports, sorted.</summary>
    public async Task<IReadOnlyList<string>> PortsAsync()
    {
        var names = await NbctlAsync("--bare", "--columns=name", "list", "Logical_Switch_Port");
        return [.. names.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal)];
    }

    /// <summary>Sets <c>hv_cfg</c> as ovn-northd does when every chassis has reached this <c>nb_cfg</c>.</summary>
    public Task SetHvCfgAsync(long hvCfg) => NbctlAsync("set", "NB_Global", ".", $"hv_cfg={hvCfg}");

    /// <summary>Sets <c>up</c> and <c>tag</c> of all ports as ovn-northd does when every port is bound on its chassis.</summary>
    public async Task SetPortsUpAsync()
    {
        foreach (var port in await PortsAsync())
        {
            var tag = await GetAsync(port, "tag_request");
            await NbctlAsync("set", "Logical_Switch_Port", port, "up=true", $"tag={tag}");
        }
    }

    /// <summary>
    /// Starts ovn-northd with a southbound database. It copies <c>tag_request</c> into <c>tag</c>, and sets <c>hv_cfg</c>.
    /// </summary>
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

        if (_ownsServer)
        {
            await Server.DisposeAsync();
        }
    }

    private void Configure(IServiceCollection services)
    {
        services.AddSingleton<ILoggerFactory>(_ => LoggerFactory.Create(logging => logging.AddProvider(Log)));
        services.Remove(services.Single(service => service.ImplementationType == typeof(Sweeper)));
        services.AddSingleton<Sweeper>();
    }

    /// <summary>Returns a JSON object with the members that are not null.</summary>
    private static string Json(params (string Name, object? Value)[] members) =>
        System.Text.Json.JsonSerializer.Serialize(
            members.Where(member => member.Value is not null).ToDictionary(member => member.Name, member => member.Value)
        );

    private static FormattableString Silent(string host) =>
        $"""
            SELECT coalesce(s.seen_at <= now() - interval '1.6 s', true) AS "Value"
            FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id WHERE h.name = {host}
            """;
}
