using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;
using OvnNestApi.Agent;
using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

// Without arguments: the agent. "apply FILE": makes this host as the work in a JSON file says, prints the report and ends; needs no control plane.
var file = args is ["apply", var name] ? name : null;
if (args.Length > 0 && file is null)
{
    return Fail("usage: OvnNestApi.Agent [apply FILE]");
}

if (!Environment.IsPrivilegedProcess)
{
    return Fail("The agent makes namespaces and devices: it must run as root.");
}

var builder = Host.CreateApplicationBuilder();

// Who calls the control plane says what went wrong, once.
builder.Logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning).AddFilter("Polly", LogLevel.None);
builder.Services.Configure<SimpleConsoleFormatterOptions>(options =>
    (options.SingleLine, options.UseUtcTimestamp, options.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ ")
);
builder.Services.Configure<ConsoleLoggerOptions>(options =>
{
    options.LogToStandardErrorThreshold = LogLevel.Trace;
    options.FormatterName ??= ConsoleFormatterNames.Simple; // or "json", by Logging__Console__FormatterName
});

builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(AgentSettings.From(Environment.GetEnvironmentVariable));
builder.Services.AddSingleton(services => new StateFolder(services.GetRequiredService<AgentSettings>().State));
builder.Services.AddSingleton(services =>
    ActivatorUtilities.CreateInstance<LocalOvs>(services, services.GetRequiredService<AgentSettings>().Ovsdb)
);
builder.Services.AddSingleton<DhcpClients>().AddSingleton<StepRunner>().AddSingleton<HostPass>();
builder.Services.AddSingleton<WakeSignal>().AddSingleton<LatestValue<HostWork>>().AddSingleton<LatestValue<PendingReport>>();
try
{
    if (file is null)
    {
        builder.Services.AddControlPlane(ControlPlaneSettings.From(Environment.GetEnvironmentVariable));
        builder.Services.AddHostedService<WorkPoller>().AddHostedService<WorkLoop>().AddHostedService<ReportSender>();
        await builder.Build().RunAsync();
        return 0;
    }

    var work = JsonSerializer.Deserialize<HostWork>(await File.ReadAllTextAsync(file), ContractJson.Options);
    if (work is null)
    {
        return Fail($"{file} holds no work.");
    }

    await using var services = builder.Services.BuildServiceProvider();
    var report = await ApplyCommand.ApplyAsync(services, work, TimeSpan.FromSeconds(30), CancellationToken.None);
    Console.WriteLine(JsonSerializer.Serialize(report, new JsonSerializerOptions(ContractJson.Options) { WriteIndented = true }));
    return report.Objects.All(item => item.Digest is not null) && work.Remove.All(removal => report.Removed.Contains(removal.Id)) ? 0 : 1;
}
catch (Exception e) when (e is FormatException or IOException or JsonException or TimeoutException)
{
    return Fail(e.Message);
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}
