using System.Globalization;
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
    case ["write", .. var rest] when NumberOf(rest, 10_000, 100, 100_000) is { } count:
        await WriteBenchmark.RunAsync(count);
        return 0;
    case ["bare-endpoint", var database]: // started by the benchmark "write" as a child process
        await BareEndpoint.RunAsync(database);
        return 0;
    case ["takeover", .. var rest] when NumberOf(rest, 50, 1, 1000) is { } faults:
        await TakeoverBenchmark.RunAsync(faults);
        return 0;
    case ["reconcile", .. var rest] when NumberOf(rest, 10_000, 100, 100_000) is { } count:
        await ReconcileBenchmark.RunAsync(count);
        return 0;
    default:
        await Console.Error.WriteLineAsync(
            """
            usage: ./dev bench change             time to add one container when there are 100 or 10,000, compared with a direct OVSDB
                                                  transaction
                   ./dev bench ovsdb              the OVSDB client library compared with a raw socket
                   ./dev bench leases             VLAN tags allocated per second, compared with single-row commits in PostgreSQL
                   ./dev bench write [COUNT]      single writes with up to COUNT containers present (100 to 100000, default 10000), one
                                                  manifest compared with COPY, and reads compared with a bare endpoint
                   ./dev bench reconcile [COUNT]  a full comparison without differences of COUNT containers (default 10000), idle CPU and
                                                  memory with three agents
                   ./dev bench takeover [COUNT]   time until another process leads after COUNT faults of each kind of the leader (1 to
                                                  1000, default 50)
            """
        );
        return 2;
}

// The number that a benchmark takes; null if the arguments are not valid.
static int? NumberOf(string[] arguments, int standard, int least, int most) =>
    arguments switch
    {
        [] => standard,
        [var text] when int.TryParse(text, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most => number,
        _ => null,
    };
