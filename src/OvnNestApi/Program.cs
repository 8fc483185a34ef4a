using OvnNestApi.Adoption;
using OvnNestApi.Agents;
using OvnNestApi.Allocation;
using OvnNestApi.ApiKeys;
using OvnNestApi.Changes;
using OvnNestApi.Checks;
using OvnNestApi.Conditions;
using OvnNestApi.Containers;
using OvnNestApi.Data;
using OvnNestApi.Hosts;
using OvnNestApi.Http;
using OvnNestApi.Manifests;
using OvnNestApi.Networks;
using OvnNestApi.OpenApi;
using OvnNestApi.Placements;
using OvnNestApi.Plans;
using OvnNestApi.Reconciling;
using OvnNestApi.Resources;
using OvnNestApi.Routers;
using OvnNestApi.Service;
using OvnNestApi.Telemetry;
using OvnNestApi.VlanLeases;
using OvnNestApi.Vms;

// In the lock order.
var kinds = new ResourceKinds(new RouterKind(), new NetworkKind(), new HostKind(), new VmKind(), new ContainerKind());

var isCommand = args is ["create-key", ..];
var builder = WebApplication.CreateBuilder(isCommand ? [] : args);
builder.AddLogging(toStandardError: isCommand);
builder.WebHost.ConfigureServer();

// The parts, lower layers first.
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton(Random.Shared);
builder.Services.AddData(builder.Configuration);
builder.Services.AddAllocation(builder.Configuration);
builder.Services.AddConditions(builder.Configuration, kinds.Readiness);
builder.Services.AddHttp(builder.Configuration);
builder.Services.AddPlacements(kinds.Removals);
builder.Services.AddResources(kinds);
builder.Services.AddReconciling(builder.Configuration, kinds.Reconciled);
builder.Services.AddPlans();
builder.Services.AddVlanLeases();
builder.Services.AddChecks(builder.Configuration);
builder.Services.AddManifests();
builder.Services.AddAdoption();
builder.Services.AddChanges(builder.Configuration);
builder.Services.AddOpenApiDocuments();
builder.Services.AddAgents();

await using var app = builder.Build();
if (isCommand)
{
    return await CreateKey.RunAsync(app.Services, args);
}

// What every request passes through, in this order.
app.Use(RequestIds.Assign);
app.UseRequestLogging();
app.UseProblemDetails();
app.MapOpenApiDocuments();
app.UseRouting();
app.UseAuthentication();
app.Use(app.Services.GetRequiredService<RateLimits>().CheckAsync);
app.UseAuthorization();

// The table of contents of the API.
app.MapHealth();
app.MapProblemPages();
var api = app.MapGroup("/v1").AddEndpointFilter(EndpointConventions.CheckAsync);
api.MapService();
api.MapResources(kinds);
api.MapManifests();
api.MapAdoptions();
api.MapChanges();
api.MapApiKeys();
api.MapEnrolments();
api.MapAgents();
api.MapSessions();
api.MapUnknownItems();
api.MapVlanLeases();
api.MapVlanMap();
api.MapChecks();
api.MapHostChecks();
api.MapReadiness();
api.MapReconciler();
api.MapPlan();
await app.RunAsync();
return 0;
