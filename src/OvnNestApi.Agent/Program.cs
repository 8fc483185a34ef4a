using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Console;
using OvnNestApi.Agent;
using OvnNestApi.Agent.Checks;
using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;

// Without arguments: runs the agent. "apply FILE": applies the work in a JSON file, prints the report and ends, without a control plane.
// "plan": prints what the agent would do now, and does nothing; "plan FILE": the same for the work in a file.
var isPlan = args is ["plan"] or ["plan", _];
var file = args is ["apply" or "plan", var name] ? name : null;
if (args.Length > 0 && file is null && !isPlan)
{
    return Fail("usage: OvnNestApi.Agent [apply FILE | plan [FILE]]");
}

if (!Environment.IsPrivilegedProcess)
{
    return Fail("The agent must run as root, because it creates network namespaces and devices.");
}

// Not the default builder: it would watch the working directory, with all folders in it, for a changed settings file.
var builder = Host.CreateEmptyApplicationBuilder(null);
builder.Configuration.AddEnvironmentVariables();
builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole();

// The agent logs failed requests itself, once per failure.
builder.Logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning).AddFilter("Polly", LogLevel.None);
builder.Services.Configure<SimpleConsoleFormatterOptions>(options =>
    (options.SingleLine, options.UseUtcTimestamp, options.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ ")
);
builder.Services.Configure<ConsoleLoggerOptions>(options =>
{
    options.LogToStandardErrorThreshold = LogLevel.Trace;
    options.FormatterName ??= ConsoleFormatterNames.Simple; // or "json", set by Logging__Console__FormatterName
});

var settings = AgentSettings.From(Environment.GetEnvironmentVariable);
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(Random.Shared);
builder.Services.AddSingleton(_ => new StateFolder(settings.StateFolder, isReadOnly: isPlan));
builder.Services.AddSingleton<AgentIdentity>();
builder.Services.AddSingleton<NamespaceRecords>();
builder.Services.AddSingleton(services => ActivatorUtilities.CreateInstance<LocalOvs>(services, settings.OvsdbEndpoint));
builder.Services.AddSingleton<DhcpClients>();
builder.Services.AddSingleton<StepRunner>();
builder.Services.AddSingleton<HostObserver>();
builder.Services.AddSingleton<HostPass>();
builder.Services.AddSingleton<ApplyCommand>();
builder.Services.AddSingleton<PlanCommand>();
builder.Services.AddSingleton<WakeSignal>();
builder.Services.AddSingleton<Recovery>();
builder.Services.AddSingleton<AgentSession>();
builder.Services.AddSingleton<LatestValue<HostWork>>();
builder.Services.AddSingleton<LatestValue<PendingReport>>();
try
{
    using var hostLock = HostLock.Take(settings.OvsdbEndpoint);
    if (file is null)
    {
        var controlPlane = ControlPlaneSettings.From(Environment.GetEnvironmentVariable);
        builder.Services.AddControlPlane(controlPlane, RetrySettings.From(Environment.GetEnvironmentVariable));
    }

    if (args.Length == 0)
    {
        builder.Services.AddHostedService<WorkPoller>();
        builder.Services.AddHostedService<WorkLoop>();
        builder.Services.AddHostedService<ReportSender>();
        builder.Services.AddHostedService<CheckLoop>();
        await builder.Build().RunAsync();
        return 0;
    }

    await using var services = builder.Services.BuildServiceProvider();
    var work = file is null
        ? await services.GetRequiredService<ControlPlaneClient>().ReadWorkAsync(CancellationToken.None)
        : JsonSerializer.Deserialize<HostWork>(await File.ReadAllTextAsync(file), ContractJson.Options);
    if (work is null)
    {
        return Fail($"{file} contains null instead of work.");
    }

    return isPlan ? await PlanAsync(services, work) : await ApplyAsync(services, work);
}
catch (Exception e) when (e is FormatException or IOException or JsonException or TimeoutException or ControlPlaneException)
{
    return Fail(e.Message);
}

static async Task<int> ApplyAsync(ServiceProvider services, HostWork work)
{
    var report = await services.GetRequiredService<ApplyCommand>().RunAsync(work, TimeSpan.FromSeconds(30), CancellationToken.None);
    Console.WriteLine(JsonSerializer.Serialize(report, new JsonSerializerOptions(ContractJson.Options) { WriteIndented = true }));
    return ApplyCommand.IsComplete(report, work) ? 0 : 1;
}

static async Task<int> PlanAsync(ServiceProvider services, HostWork work)
{
    foreach (var line in await services.GetRequiredService<PlanCommand>().RunAsync(work, TimeSpan.FromSeconds(10)))
    {
        Console.WriteLine(line);
    }

    return 0;
}

static int Fail(string message)
{
    Console.Error.WriteLine(message);
    return 2;
}
