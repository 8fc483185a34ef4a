using OvnNestApi.ApiKeys;
using OvnNestApi.Changes;
using OvnNestApi.Data;
using OvnNestApi.Hosts;
using OvnNestApi.Http;
using OvnNestApi.Reconciling;
using OvnNestApi.Telemetry;

var isCommand = args is ["create-key", ..];
var builder = WebApplication.CreateBuilder(isCommand ? [] : args);
builder.AddLogging(toStandardError: isCommand);
builder.WebHost.ConfigureKestrel(kestrel =>
{
    kestrel.AddServerHeader = false;
    kestrel.Limits.MaxRequestBodySize = HttpLimits.Body;
});
builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = UnixSocket.Bind);
builder.Services.AddNestDb(builder.Configuration);
builder.Services.AddHttpSide(builder.Configuration);
if (!isCommand)
{
    builder.Services.AddHostSide(builder.Configuration);
    builder.Services.AddHostedService<ChangeRetention>();
    builder.Services.AddReconciler(builder.Configuration);
}

await using var app = builder.Build();
if (isCommand)
{
    return await CreateKey.RunAsync(app.Services, args);
}

app.UseHttpSide();
app.MapHealth();
app.MapProblemPages();
var api = app.MapGroup("/v1").AddEndpointFilter(EndpointConventions.CheckAsync);
api.MapService();
api.MapNouns();
api.MapChanges();
api.MapApiKeys();
api.MapHostSide();
api.MapReconciler();
await app.RunAsync();
return 0;
