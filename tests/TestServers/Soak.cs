namespace TestServers;

/// <summary>How long a fault test runs: its short form in <c>./dev test</c>, its long form in <c>./dev soak NAME</c>, whose tests bear the trait <c>Soak=NAME</c>.</summary>
public static class Soak
{
    /// <summary>The trait's name.</summary>
    public const string Trait = "Soak";

    /// <summary>What runs at random begin from: <c>NEST_SEED</c>, or another each time. A test that uses it prints it.</summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("NEST_SEED"), out var seed) ? seed : Random.Shared.Next();

    /// <summary>The size of the run that was asked for.</summary>
    /// <param name="name">The trait's value.</param>
    /// <param name="shortForm">The size among all other tests.</param>
    /// <param name="longForm">The size in the soak.</param>
    public static int Size(string name, int shortForm, int longForm) =>
        Environment.GetEnvironmentVariable("NEST_SOAK") == name ? longForm : shortForm;
}
