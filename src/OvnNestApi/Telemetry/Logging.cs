using OvnNestApi.Http;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace OvnNestApi.Telemetry;

/// <summary>
/// Logging with Serilog, one JSON object per line. The JSON escapes control characters, so input of a client cannot forge a log line.
/// </summary>
internal static class Logging
{
    /// <summary>Logs to the console; to standard error if <paramref name="toStandardError"/>.</summary>
    public static void AddLogging(this WebApplicationBuilder builder, bool toStandardError) =>
        builder.Services.AddSerilog(
            (_, log) =>
                log
                    .MinimumLevel.Information()
                    .MinimumLevel.Override("Microsoft.AspNetCore", LogEventLevel.Warning)
                    .MinimumLevel.Override("Microsoft.EntityFrameworkCore", LogEventLevel.Warning)
                    .MinimumLevel.Override("Microsoft.EntityFrameworkCore.Update", LogEventLevel.Fatal)
                    .MinimumLevel.Override("Microsoft.EntityFrameworkCore.Database", LogEventLevel.Fatal)
                    .MinimumLevel.Override("Microsoft.EntityFrameworkCore.Query", LogEventLevel.Fatal)
                    .MinimumLevel.Override(typeof(KeyAuthentication).FullName ?? "", LogEventLevel.Warning)
                    .Enrich.FromLogContext()
                    .ReadFrom.Configuration(builder.Configuration)
                    .WriteTo.Console(
                        new RenderedCompactJsonFormatter(),
                        standardErrorFromLevel: toStandardError ? LogEventLevel.Verbose : null
                    )
        );

    /// <summary>Logs one line per request: method, path, status, duration and principal; no body and no headers.</summary>
    public static void UseRequestLogging(this WebApplication app) =>
        app.UseSerilogRequestLogging(options =>
        {
            options.EnrichDiagnosticContext = (line, request) =>
            {
                line.Set("RequestId", request.TraceIdentifier);
                line.Set("By", request.Features.Get<Principal>()?.By);
            };
            options.GetLevel = (request, _, exception) =>
                request.Response.StatusCode switch
                {
                    _ when exception is not null => LogEventLevel.Error,
                    StatusCodes.Status500InternalServerError => LogEventLevel.Error,
                    _ when HttpMethods.IsGet(request.Request.Method) => LogEventLevel.Debug,
                    _ => LogEventLevel.Information,
                };
        });
}
