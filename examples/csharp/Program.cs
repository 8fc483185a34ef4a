// Creates a network, a host, a VM and a container with the generated client, waits until they are ready, and prints what the service chose.
//   NEST_URL=http://127.0.0.1:8080 NEST_KEY=nest_… dotnet run --project examples/csharp
using Nest;

var url = Environment.GetEnvironmentVariable("NEST_URL");
using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(90) };
http.DefaultRequestHeaders.Authorization = new("Bearer", Environment.GetEnvironmentVariable("NEST_KEY"));
var nest = new NestClient(http) { BaseUrl = $"{url}/" };

try
{
    await nest.PutRouterAsync("tenant1", new());
    await nest.PutNetworkAsync(
        "dmz",
        new()
        {
            Spec = new() { Subnet = "172.16.255.128/26", Router = "tenant1" },
        }
    );
    await nest.PutHostAsync("ubuntu2", new());
    await nest.PutVmAsync(
        "vm5",
        new()
        {
            Spec = new() { Network = "dmz", Host = "ubuntu2" },
        }
    );
    await nest.PutContainerAsync("vm5", "c51", new() { Spec = new() { Vlan = 51 } });

    var vm = await nest.WaitForVmAsync("vm5", timeout: "60s");
    var container = await nest.WaitForContainerAsync("vm5", "c51", timeout: "60s");
    Console.WriteLine($"vm5: {vm.Status.Effective.Ip}");
    Console.WriteLine($"c51: {container.Status.Effective.Ip}, tag {container.Status.Effective.Vlan}");
    return 0;
}
catch (ApiException<ProblemDetails> e)
{
    // A problem has a stable code for programs and a detail for people.
    Console.Error.WriteLine($"{e.Result.Code}: {e.Result.Detail}");
    return 1;
}
