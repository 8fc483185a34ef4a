using Benchmarks;

// Whole-system benchmarks on real servers. They print figures and judge nothing: a machine's noise is no failure.
switch (args)
{
    case ["change"]:
        await ChangeBenchmark.RunAsync();
        return 0;
    default:
        await Console.Error.WriteLineAsync("usage: ./dev bench change    one more container, with 100 and with 10,000 present");
        return 2;
}
