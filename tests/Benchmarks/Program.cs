using Benchmarks;

// Benchmarks of the whole system on real servers. They print measurements but have no limits, because timings on a shared machine vary.
switch (args)
{
    case ["change"]:
        await ChangeBenchmark.RunAsync();
        return 0;
    case ["ovsdb"]:
        await OvsdbBenchmark.RunAsync();
        return 0;
    case ["ovsdb-load", var how, var endpoint]: // started by the benchmark "ovsdb" as a child process
        await DumpBenchmark.LoadAsync(how, endpoint);
        return 0;
    case ["leases"]:
        await LeaseBenchmark.RunAsync();
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            """
            usage: ./dev bench change    time to add one container when there are 100 or 10,000, compared with a direct OVSDB transaction
                   ./dev bench ovsdb     the OVSDB client library compared with a raw socket
                   ./dev bench leases    VLAN tags allocated per second, compared with single-row commits in PostgreSQL
            """
        );
        return 2;
}
