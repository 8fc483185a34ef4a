using Benchmarks;

// Whole-system benchmarks on real servers. They print figures and judge nothing: a machine's noise is no failure.
switch (args)
{
    case ["change"]:
        await ChangeBenchmark.RunAsync();
        return 0;
    case ["ovsdb"]:
        await OvsdbBenchmark.RunAsync();
        return 0;
    case ["ovsdb-load", var how, var endpoint]: // a child process of the former
        await DumpBenchmark.LoadAsync(how, endpoint);
        return 0;
    case ["leases"]:
        await LeaseBenchmark.RunAsync();
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            """
            usage: ./dev bench change    one more container, with 100 and with 10,000 present
                   ./dev bench ovsdb     the OVSDB library beside a raw socket
                   ./dev bench leases    tags given out a second, beside bare commits
            """
        );
        return 2;
}
