using OvnNestApi.Http;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace OvnNestApi.Telemetry;

/// <summary>Serilog, known to nothing else: one JSON object a line, in which a control character of somebody's input is an escape and never a line's end.</summary>
internal static class Logging
{
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
                    .MinimumLevel.Override("OvnNestApi.KeyAuthentication", LogEventLevel.Warning)
                    .Enrich.FromLogContext()
                    .ReadFrom.Configuration(builder.Configuration)
                    .WriteTo.Console(
                        new RenderedCompactJsonFormatter(),
                        standardErrorFromLevel: toStandardError ? LogEventLevel.Verbose : null
                    )
        );

    /// <summary>A line for each request: method, path, status, time, who. No body, no header.</summary>
    public static void UseRequestLogging(this WebApplication app) =>
        app.UseSerilogRequestLogging(options =>
        {
            options.EnrichDiagnosticContext = (line, request) =>
            {
                line.Set("RequestId", request.TraceIdentifier);
                line.Set("By", request.Features.Get<Principal>()?.By);
            };
            options.GetLevel = (request, _, exception) =>
                exception is not null || request.Response.StatusCode == 500 ? LogEventLevel.Error
                : HttpMethods.IsGet(request.Request.Method) ? LogEventLevel.Debug
                : LogEventLevel.Information;
        });
}
