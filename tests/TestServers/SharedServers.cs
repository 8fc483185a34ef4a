namespace TestServers;

/// <summary>
/// Ends what the tests of an assembly share when the last of them has ended. As a fixture of the assembly it has the time that it needs: hundreds of
/// databases are many files, and at the end of the process the runner waits for nobody longer than ten seconds.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => PostgresServer.EndSharedAsync();
}
