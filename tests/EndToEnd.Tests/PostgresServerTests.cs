using Npgsql;
using TestServers;

namespace EndToEnd.Tests;

/// <summary>
/// <see cref="PostgresServer"/>, which other tests rely on: it can crash, and it creates a separate database for each test.
/// </summary>
public sealed class PostgresServerTests
{
    [Fact]
    public async Task A_killed_server_has_all_committed_rows_after_a_restart()
    {
        await using var server = await PostgresServer.StartNewAsync();
        var database = await server.CreateDatabaseAsync();
        await ExecuteAsync(database, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (51)");

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => ExecuteAsync(database, "SELECT 1"));
        await server.StartAsync();

        Assert.Equal(51, await ExecuteAsync(database, "SELECT n FROM kept"));
        Assert.Equal(51, await ExecuteAsync(server.OverTcp(database), "SELECT n FROM kept"));
    }

    [Fact]
    public async Task A_copy_of_a_database_has_its_tables_but_not_the_changes_of_other_copies()
    {
        var server = await PostgresServer.SharedAsync();
        var template = await server.CreateDatabaseAsync();
        await ExecuteAsync(template, "CREATE TABLE t (n int)");

        var (first, second) = (await server.CreateDatabaseFromAsync(template), await server.CreateDatabaseFromAsync(template));
        await ExecuteAsync(first, "INSERT INTO t VALUES (1)");

        Assert.Equal(1L, await ExecuteAsync(first, "SELECT count(*) FROM t"));
        Assert.Equal(0L, await ExecuteAsync(second, "SELECT count(*) FROM t"));
    }

    private static async Task<object?> ExecuteAsync(string database, string sql)
    {
        await using var source = NpgsqlDataSource.Create(database);
        return await source.CreateCommand(sql).ExecuteScalarAsync();
    }
}
