using Microsoft.EntityFrameworkCore;
using OvnNestApi.Data;
using OvnNestApi.Schema;
using TestServers;

namespace OvnNestApi.Tests.Harness;

/// <summary>Migrated databases for tests: copies of a template, because a copy is faster than the migrations.</summary>
internal static class TestDatabase
{
    private static readonly Lazy<Task<string>> Template = new(MigrateAsync);

    /// <summary>Creates a database with the current schema and returns its connection string.</summary>
    public static async Task<string> CreateAsync() =>
        await (await PostgresServer.SharedAsync()).CreateDatabaseFromAsync(await Template.Value);

    private static async Task<string> MigrateAsync()
    {
        var database = await (await PostgresServer.SharedAsync()).CreateDatabaseAsync();
        await using var db = new NestDb(NestDbRegistration.Options(database));
        await db.Database.MigrateAsync();
        return database;
    }
}
