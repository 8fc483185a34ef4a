using System.Buffers;
using System.Data;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using NpgsqlTypes;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Manifests;

/// <summary>Selects the resources of an export.</summary>
/// <param name="Kind">Name of the kind; null for all.</param>
/// <param name="Vm">Name of a VM, for it and its containers; null for all.</param>
/// <param name="Labels">Labels; null for all.</param>
internal sealed record ManifestFilter(string? Kind, string? Vm, LabelSelector? Labels);

/// <summary>Response with a manifest, written while the rows are read, from one snapshot of the database.</summary>
/// <param name="at">Number of the last change before the exported moment; null for now.</param>
internal sealed class ManifestExport(ManifestFilter filter, long? at, bool isYaml) : IResult, IStatusCodeHttpResult
{
    /// <summary>Size from which written bytes are sent.</summary>
    private const int SendAt = 64 * 1024;

    // Not the buffer of the response, because an exception before the first bytes are sent becomes a problem instead.
    private readonly ArrayBufferWriter<byte> _unsent = new();

    /// <inheritdoc/>
    public int? StatusCode => StatusCodes.Status200OK;

    /// <inheritdoc/>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var (response, cancellationToken) = (httpContext.Response, httpContext.RequestAborted);
        response.ContentType = isYaml ? Representations.Yaml : Representations.Json;
        response.Headers.CacheControl = "no-store";
        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        var db = httpContext.RequestServices.GetRequiredService<NestDb>();
        var kinds = httpContext.RequestServices.GetRequiredService<ResourceKinds>();
        await using var transaction = await db.Database.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        ManifestFormat format = isYaml ? new YamlManifest(_unsent) : new JsonManifest(_unsent);

        // HTTP/1.0 has no chunks: without a length, a client cannot distinguish a response that was cut off from a complete one.
        var isStream = !HttpProtocol.IsHttp10(httpContext.Request.Protocol);
        foreach (var kind in kinds.All.Where(Selects))
        {
            await foreach (var item in db.StreamAsync(Select(db, kind), row => Read(row, kind), Parameters(kind), cancellationToken))
            {
                format.Write(item);
                if (isStream && _unsent.WrittenCount >= SendAt)
                {
                    await SendAsync(response, cancellationToken);
                }
            }
        }

        format.End();
        if (!isStream)
        {
            response.ContentLength = _unsent.WrittenCount;
        }

        await SendAsync(response, cancellationToken);
    }

    private bool Selects(ResourceKind kind) =>
        (filter.Kind is null || filter.Kind == kind.Name) && (filter.Vm is null || kind.IsInVm || kind.Name == "vm");

    private async Task SendAsync(HttpResponse response, CancellationToken cancellationToken)
    {
        await response.Body.WriteAsync(_unsent.WrittenMemory, cancellationToken);
        _unsent.ResetWrittenCount();
    }

    // Resources that have changed since the moment are exported as they were before their first change, all others as they are.
    // NOT IN, because PostgreSQL hashes its list for any estimate of its length; NOT EXISTS read it once for each resource.
    private static string Select(NestDb db, ResourceKind kind) =>
        $"""
            WITH later AS (
                SELECT DISTINCT ON (object_id) object_id, vm, name, before FROM changes
                WHERE number > @at AND kind = @kind AND action IN ('created', 'updated', 'deleting')
                ORDER BY object_id, number)
            SELECT vm, name, description, labels, spec FROM (
                SELECT {(kind.IsInVm ? "(SELECT v.name FROM vms v WHERE v.id = r.vm_id)" : "NULL::text")} AS vm,
                    r.name, r.description, r.labels::text, r.spec::text
                FROM {kind.Table(db)} r
                WHERE r.deleting_since IS NULL AND (@at IS NULL OR r.id NOT IN (SELECT object_id FROM later))
                UNION ALL
                SELECT vm, name, before ->> 'description', before ->> 'labels', before ->> 'spec' FROM later
                WHERE before IS NOT NULL) x
            WHERE (@vm::text IS NULL OR @vm = {(kind.IsInVm ? "vm" : "name")}) AND {LabelSelector.Matches("labels")}
            ORDER BY vm, name
            """;

    private (string, object?)[] Parameters(ResourceKind kind) =>
        [
            ("at", Sql.Typed(NpgsqlDbType.Bigint, at)),
            ("kind", kind.Name),
            ("vm", Sql.Typed(NpgsqlDbType.Text, filter.Vm)),
            .. LabelSelector.Parameters(filter.Labels),
        ];

    private static ManifestItem Read(NpgsqlDataReader row, ResourceKind kind) =>
        new()
        {
            Kind = kind.Name,
            Vm = row.IsDBNull(0) ? null : row.GetString(0),
            Name = row.GetString(1),
            Description = row.IsDBNull(2) ? null : row.GetString(2),
            Labels = row.IsDBNull(3) ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(3)),
            Spec = JsonElement.Parse(row.GetString(4)),
        };
}
