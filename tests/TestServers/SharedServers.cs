namespace TestServers;

/// <summary>
/// Stops the servers that the tests of an assembly share, after the last test. It is an assembly fixture, because the deletion of hundreds
/// of databases can take longer than the ten seconds that the test runner allows when the process exits.
/// </summary>
public sealed class SharedServers : IAsyncDisposable
{
    /// <inheritdoc/>
    public ValueTask DisposeAsync() => PostgresServer.EndSharedAsync();
}
