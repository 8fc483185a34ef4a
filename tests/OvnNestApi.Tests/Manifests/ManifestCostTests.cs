using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Manifests;

/// <summary>The number of SQL statements of a write does not depend on the number of resources.</summary>
public sealed class ManifestCostTests(TestApi api, ITestOutputHelper output) : IClassFixture<TestApi>
{
    private const int Vms = 10;

    [Fact]
    public async Task A_manifest_of_any_size_needs_the_same_statements()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.64.0.0/14"}""");
        var vms = new List<string>();
        for (var i = 0; i < Vms; i++)
        {
            vms.Add(await api.VmAsync(network));
        }

        var (counts, text) = (new List<int>(), "");
        foreach (var size in (int[])[1, 100, 10_000])
        {
            var items = Enumerable.Range(0, size).Select(i => ManifestTests.Container(vms[i % Vms], $"c{size}-{i}", "{}"));
            using var counter = new StatementCounter();
            (await api.PostAsync("/v1/manifests", ManifestTests.Body([.. items]))).Is(HttpStatusCode.OK);
            output.WriteLine($"{size} containers: {counter.Count} statements");
            counts.Add(counter.Count);
            text = counter.Text;
        }

        output.WriteLine(text);
        Assert.All(counts, count => Assert.Equal(counts[0], count));
        Assert.InRange(counts[0], 1, 13);
    }

    [Fact]
    public async Task A_deletion_of_a_VM_with_any_number_of_containers_needs_the_same_statements()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.72.0.0/16"}""");
        var counts = new List<int>();
        foreach (var size in (int[])[1, 100, 3000])
        {
            var vm = await api.VmAsync(network);
            var items = Enumerable.Range(0, size).Select(i => ManifestTests.Container(vm, $"c{i}", "{}"));
            (await api.PostAsync("/v1/manifests", ManifestTests.Body([.. items]))).Is(HttpStatusCode.OK);
            using var counter = new StatementCounter();
            (await api.DeleteAsync($"/v1/vms/{vm}?cascade=true")).Is(HttpStatusCode.Accepted);
            output.WriteLine($"{size} containers: {counter.Count} statements");
            counts.Add(counter.Count);
        }

        Assert.All(counts, count => Assert.Equal(counts[0], count));
    }
}
