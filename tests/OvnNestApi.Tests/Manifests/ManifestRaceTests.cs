using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Manifests;

/// <summary>Manifests and single requests that run at the same time.</summary>
public sealed class ManifestRaceTests(TestApi api, ITestOutputHelper output) : IClassFixture<TestApi>
{
    private const int Writers = 4;
    private const int Rounds = 6;
    private const int Items = 20;

    [Fact]
    public async Task Manifests_and_single_requests_on_the_same_VMs_lose_nothing_and_share_no_tag_or_address()
    {
        var network = await api.NetworkAsync("""{"subnet":"10.40.0.0/16"}""");
        string[] vms = [await api.VmAsync(network), await api.VmAsync(network), await api.VmAsync(network)];
        var (accepted, refused) = (new ConcurrentDictionary<string, bool>(), new ConcurrentBag<string>());
        await Task.WhenAll([
            .. Enumerable.Range(0, Writers).Select(writer => ApplyAsync(writer)),
            .. Enumerable.Range(0, Writers).Select(writer => PutAsync(writer)),
        ]);

        output.WriteLine($"{accepted.Count} containers accepted, {refused.Count} requests refused");
        Assert.All(refused, code => Assert.Contains(code, (string[])["address-taken", "vlan-tag-taken", "name-taken"]));
        var stored = await api.ReadAsync(db =>
            db.Containers.Join(
                    db.Vms,
                    c => c.VmId,
                    vm => vm.Id,
                    (c, vm) =>
                        new
                        {
                            Vm = vm.Name,
                            c.Name,
                            c.Tag,
                            c.Ip,
                        }
                )
                .ToListAsync()
        );
        var ours = stored.Where(one => vms.Contains(one.Vm)).ToList();
        Assert.Equal(accepted.Keys.Order(), ours.Select(one => $"{one.Vm}/{one.Name}").Order());
        Assert.Equal(ours.Count, ours.DistinctBy(one => (one.Vm, one.Tag)).Count());
        Assert.Equal(ours.Count, ours.DistinctBy(one => one.Ip).Count());
        Assert.Equal(
            ours.Count,
            await api.ReadAsync(db => db.VlanLeases.CountAsync(lease => lease.State == LeaseState.Bound && lease.ContainerName != null))
        );

        async Task ApplyAsync(int writer)
        {
            for (var round = 0; round < Rounds; round++)
            {
                // The VMs of the items are in another order for each writer.
                var names = Enumerable
                    .Range(0, Items)
                    .Select(i => (Vm: vms[(i + writer) % vms.Length], Name: $"m{writer}-{round}-{i}"))
                    .ToList();
                var items = names.Select(one => ManifestTests.Container(one.Vm, one.Name, "{}"));
                Record(await api.PostAsync("/v1/manifests", ManifestTests.Body([.. items])), names.Select(one => $"{one.Vm}/{one.Name}"));
            }
        }

        async Task PutAsync(int writer)
        {
            for (var i = 0; i < Rounds * Items / 2; i++)
            {
                var (vm, name) = (vms[(i + writer) % vms.Length], $"s{writer}-{i}");
                Record(await api.PutAsync($"/v1/vms/{vm}/containers/{name}", "{}"), [$"{vm}/{name}"]);
            }
        }

        void Record(ApiResponse response, IEnumerable<string> names)
        {
            if ((int)response.Status >= 300)
            {
                refused.Add(response.Code ?? "");
                return;
            }

            foreach (var name in names)
            {
                accepted[name] = true;
            }
        }
    }
}
