using System.Net;
using System.Net.Sockets;
using Npgsql;

namespace TestServers;

/// <summary>A process of the API with its own network to PostgreSQL and to the northbound database, which a test can cut.</summary>
public sealed class RelayedServer : IAsyncDisposable
{
    private RelayedServer(NestServer server, Relay postgres, Relay northbound) =>
        (Server, Postgres, Northbound) = (server, postgres, northbound);

    /// <summary>The process.</summary>
    public NestServer Server { get; }

    /// <summary>Its network to PostgreSQL.</summary>
    public Relay Postgres { get; }

    /// <summary>Its network to the northbound database.</summary>
    public Relay Northbound { get; }

    /// <summary>Starts the process.</summary>
    /// <param name="options">With the connection string of the server's socket, and a northbound database on a unix socket.</param>
    public static async Task<RelayedServer> StartAsync(PostgresServer postgres, NestServerOptions options)
    {
        var toPostgres = new Relay(new IPEndPoint(IPAddress.Loopback, postgres.Port));
        var toNorthbound = new Relay(new UnixDomainSocketEndPoint(options.Northbound["unix:".Length..]));
        var connection = new NpgsqlConnectionStringBuilder(postgres.OverTcp(options.Database)) { Port = toPostgres.Port };
        var relayed = options with { Database = connection.ConnectionString, Northbound = $"tcp:127.0.0.1:{toNorthbound.Port}" };
        return new(await NestServer.StartAsync(relayed), toPostgres, toNorthbound);
    }

    /// <summary>Undoes every fault: joins the networks, and continues or starts the process.</summary>
    public async Task RepairAsync()
    {
        Postgres.Join();
        Northbound.Join();
        if (Server.Process.HasExited)
        {
            await Server.StartAsync();
        }
        else
        {
            Server.Process.Send(Signal.Continue);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Server.Process.Send(Signal.Continue);
        await Server.DisposeAsync();
        await Postgres.DisposeAsync();
        await Northbound.DisposeAsync();
    }
}
