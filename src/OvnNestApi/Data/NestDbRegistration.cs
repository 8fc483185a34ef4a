using Microsoft.EntityFrameworkCore;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>How every program of the solution opens the database.</summary>
public static class NestDbRegistration
{
    /// <summary>Options for <see cref="NestDb"/> on PostgreSQL, snake_case names, migrations in their own assembly.</summary>
    public static DbContextOptionsBuilder UseNest(this DbContextOptionsBuilder options, string connectionString) =>
        options.UseNpgsql(connectionString, Configure).UseSnakeCaseNamingConvention();

    /// <summary>The same on a data source that is shared with others.</summary>
    public static DbContextOptionsBuilder UseNest(this DbContextOptionsBuilder options, NpgsqlDataSource dataSource) =>
        options.UseNpgsql(dataSource, Configure).UseSnakeCaseNamingConvention();

    /// <summary>The same as ready options, for a program without a container of services.</summary>
    public static DbContextOptions<NestDb> Options(string connectionString)
    {
        var builder = new DbContextOptionsBuilder<NestDb>();
        builder.UseNest(connectionString);
        return builder.Options;
    }

    private static void Configure(NpgsqlDbContextOptionsBuilder npgsql) =>
        npgsql.MigrationsAssembly("OvnNestApi.Migrations").MigrationsHistoryTable("schema_history");
}
