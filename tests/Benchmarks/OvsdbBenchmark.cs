using System.Runtime;
using Ovsdb;
using TestServers;

namespace Benchmarks;

/// <summary>Compares the library with a raw socket, on a real ovsdb-server with the northbound schema.</summary>
internal static class OvsdbBenchmark
{
    public static async Task RunAsync()
    {
        await using var server = await OvsdbServer.StartNewAsync();
        await using var client = new OvsdbClient(
            new OvsdbClientOptions
            {
                Endpoints = OvsdbEndpoint.ParseList(server.Endpoint),
                Database = NestedPort.Database,
                Monitor = [],
            }
        );
        client.Start();
        await client.SyncedAsync(CancellationToken.None);
        Console.WriteLine(
            $".NET {Environment.Version}, {Environment.ProcessorCount} cores, {(GCSettings.IsServerGC ? "server" : "workstation")} GC"
        );
        using (var raw = new RawSocket(server.Socket))
        {
            await new TransactionBenchmark(server, raw, client).PrintAsync();
        }

        await new DumpBenchmark(server, client).PrintAsync();
    }
}
