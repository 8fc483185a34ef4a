namespace EndToEnd.Tests.World;

/// <summary>What was wrong in a run. Safe for concurrent use.</summary>
internal sealed class Findings
{
    private readonly List<string> _all = [];

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_all)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Adds a finding.</summary>
    /// <returns>False, so that a check can return it.</returns>
    public bool Add(string finding)
    {
        lock (_all)
        {
            _all.Add(finding);
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"FINDING: {finding}");
        return false;
    }
}
