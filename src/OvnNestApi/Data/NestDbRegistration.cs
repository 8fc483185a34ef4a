using Microsoft.EntityFrameworkCore;
using Npgsql;
using Npgsql.EntityFrameworkCore.PostgreSQL.Infrastructure;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Database options that the API, the migrations and the tests share.</summary>
public static class NestDbRegistration
{
    /// <summary>Configures <see cref="NestDb"/>: PostgreSQL, snake_case names, migrations in an assembly of their own.</summary>
    public static DbContextOptionsBuilder UseNest(this DbContextOptionsBuilder options, string connectionString) =>
        options.UseNpgsql(connectionString, Configure).UseSnakeCaseNamingConvention();

    /// <summary>Configures <see cref="NestDb"/> with a shared data source.</summary>
    public static DbContextOptionsBuilder UseNest(this DbContextOptionsBuilder options, NpgsqlDataSource dataSource) =>
        options.UseNpgsql(dataSource, Configure).UseSnakeCaseNamingConvention();

    /// <summary>Returns the options, for a program without dependency injection.</summary>
    public static DbContextOptions<NestDb> Options(string connectionString)
    {
        var builder = new DbContextOptionsBuilder<NestDb>();
        builder.UseNest(connectionString);
        return builder.Options;
    }

    private static void Configure(NpgsqlDbContextOptionsBuilder npgsql) =>
        npgsql.MigrationsAssembly("OvnNestApi.Migrations").MigrationsHistoryTable("schema_history");
}
