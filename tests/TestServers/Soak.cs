namespace TestServers;

/// <summary>
/// Size and seed of the fault tests. <c>./dev test</c> runs their short form; <c>./dev soak NAME</c> runs the long form of the tests with
/// the trait <c>Soak=NAME</c>.
/// </summary>
public static class Soak
{
    /// <summary>The name of the trait.</summary>
    public const string Trait = "Soak";

    /// <summary>
    /// The seed for random numbers: the environment variable <c>NEST_SEED</c>, or a random one. A test that uses it must print it.
    /// </summary>
    public static int Seed { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("NEST_SEED"), out var seed) ? seed : Random.Shared.Next();

    /// <summary>
    /// Returns the size of a test in the present run. The environment variable <c>NEST_SOAK_SIZE</c> replaces the size of the long form.
    /// </summary>
    /// <param name="name">The value of the test's trait.</param>
    /// <param name="shortForm">The size in <c>./dev test</c>.</param>
    /// <param name="longForm">The size in <c>./dev soak NAME</c>.</param>
    public static int Size(string name, int shortForm, int longForm)
    {
        if (Environment.GetEnvironmentVariable("NEST_SOAK") != name)
        {
            return shortForm;
        }

        return int.TryParse(Environment.GetEnvironmentVariable("NEST_SOAK_SIZE"), out var size) ? size : longForm;
    }
}
