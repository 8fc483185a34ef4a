namespace OvnNestApi.Data;

/// <summary>Configuration section <c>Transactions</c>: how often a transaction that lost a race is run again.</summary>
public sealed class TransactionOptions
{
    /// <summary>Runs after the first one, 1 to 100.</summary>
    public int Retries { get; set; } = 7;

    /// <summary>Mean pause before the second run, 1 ms to 1 s. It doubles with each run, with jitter.</summary>
    public TimeSpan FirstPause { get; set; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Longest pause between two runs, 1 ms to 10 s.</summary>
    public TimeSpan LongestPause { get; set; } = TimeSpan.FromMilliseconds(160);
}
