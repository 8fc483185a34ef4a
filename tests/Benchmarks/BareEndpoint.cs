using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Benchmarks;

/// <summary>The least that a service in this framework does to read containers: one statement, and JSON from its rows.</summary>
internal static class BareEndpoint
{
    /// <summary>The text before the address in the line that the process writes when it is ready.</summary>
    public const string ListensAt = "listens at ";

    private const string Select = """
        SELECT c.id, c.name, v.name AS vm, c.labels::text, c.spec::text, c.revision, c.generation, c.created_at, c.updated_at, c.port_name,
            c.mac::text, c.ip::text, c.tag, c.interface, c.namespace, c.up, c.in_northbound, c.reason, c.message, c.since
        FROM containers c JOIN vms v ON v.id = c.vm_id
        """;

    /// <summary>Serves <c>/one?vm=…&amp;name=…</c> and <c>/page?limit=…</c> until the process ends.</summary>
    public static async Task RunAsync(string database)
    {
        var connection = new NpgsqlConnectionStringBuilder(database)
        {
            MaxAutoPrepare = 10,
            AutoPrepareMinUsages = 1,
            NoResetOnClose = true,
        };
        await using var source = NpgsqlDataSource.Create(connection.ConnectionString);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/one", (HttpContext context, string vm, string name) =>
            WriteAsync(context, source, $"{Select} WHERE v.name = $1 AND c.name = $2", vm, name)
        );
        app.MapGet("/page", (HttpContext context, int limit) =>
            WriteAsync(context, source, $"{Select} ORDER BY c.name, v.name LIMIT $1", limit)
        );
        await app.StartAsync();
        Console.WriteLine(ListensAt + app.Urls.Single());
        await app.WaitForShutdownAsync();
    }

    private static async Task WriteAsync(HttpContext context, NpgsqlDataSource source, string sql, params object[] parameters)
    {
        context.Response.ContentType = "application/json";
        await using var command = source.CreateCommand(sql);
        foreach (var value in parameters)
        {
            command.Parameters.Add(new() { Value = value });
        }

        await using var row = await command.ExecuteReaderAsync(context.RequestAborted);
        await using var json = new Utf8JsonWriter(context.Response.BodyWriter);
        json.WriteStartArray();
        while (await row.ReadAsync(context.RequestAborted))
        {
            Write(json, row);
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, NpgsqlDataReader row)
    {
        json.WriteStartObject();
        for (var column = 0; column < row.FieldCount; column++)
        {
            json.WritePropertyName(row.GetName(column));
            if (row.IsDBNull(column))
            {
                json.WriteNullValue();
            }
            else
            {
                json.WriteStringValue(Text(row, column));
            }
        }

        json.WriteEndObject();
    }

    private static string Text(NpgsqlDataReader row, int column) =>
        Convert.ToString(row.GetValue(column), System.Globalization.CultureInfo.InvariantCulture) ?? "";
}
