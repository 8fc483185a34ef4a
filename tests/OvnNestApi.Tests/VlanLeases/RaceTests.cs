using System.Collections.Concurrent;
using System.Net;
using System.Text.Json.Nodes;
using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.VlanLeases;

/// <summary>
/// Many clients request tags of one VM at the same time, as containers and as leases: no tag is granted twice and none is lost.
/// </summary>
[Trait(Soak.Trait, "leases")]
public sealed class RaceTests(ApiWithNorthbound api) : IClassFixture<ApiWithNorthbound>
{
    private const int Clients = 64;

    [Fact]
    public async Task Concurrent_reservations_of_all_tags_of_a_VM_get_distinct_tags_and_the_next_one_is_refused_with_the_numbers()
    {
        var size = Soak.Size("leases", 400, 4093);
        var ranges = await api.VmAsync("r1", size);
        var taken = new ConcurrentBag<int>();
        await ApiWithNorthbound.AtOnceAsync(Clients, async client =>
        {
            for (var i = 0; ; i++)
            {
                var (status, body) = await api.SendAsync(
                    HttpMethod.Post,
                    "/v1/vms/r1/vlan-leases",
                    $$$"""{"spec":{"owner":"c{{{client}}}-{{{i}}}"}}"""
                );
                if (status != HttpStatusCode.Created)
                {
                    Assert.Equal((409, "vlan-tags-exhausted"), ((int)status, (string?)body!["code"]));
                    Assert.Equal($"None of the {size} tags {ranges} of r1 is free: {size} reserved.", (string?)body["detail"]);
                    return;
                }

                taken.Add((int)body!["status"]!["tag"]!);
            }
        });
        Assert.Equal(Enumerable.Range(2, size), taken.Order());
        Assert.Equal((size, 0), await api.CountsAsync("r1"));
    }

    [Fact]
    public async Task Concurrent_reservations_of_several_tags_get_all_of_them_or_none()
    {
        var size = Soak.Size("leases", 1500, 4093);
        await api.VmAsync("r2", size);
        var taken = new ConcurrentBag<int>();
        await ApiWithNorthbound.AtOnceAsync(Clients, async client =>
        {
            for (var (i, count) = (0, client + 1); count > 0; i++)
            {
                var (status, body) = await api.SendAsync(
                    HttpMethod.Post,
                    "/v1/vms/r2/vlan-leases",
                    $$$"""{"spec":{"owner":"c{{{client}}}-{{{i}}}","count":{{{count}}}}}"""
                );
                if (status != HttpStatusCode.Created)
                {
                    Assert.Equal((409, "vlan-tags-exhausted"), ((int)status, (string?)body!["code"]));
                    count /= 2;
                    continue;
                }

                var tags =
                    count == 1
                        ? [(int)body!["status"]!["tag"]!]
                        : body!["items"]!.AsArray().Select(item => (int)item!["status"]!["tag"]!).ToArray();
                Assert.Equal(count, tags.Length);
                Array.ForEach(tags, taken.Add);
            }
        });
        Assert.Equal(Enumerable.Range(2, size), taken.Order());
        Assert.Equal((size, 0), await api.CountsAsync("r2"));
    }

    [Fact]
    public async Task A_tag_that_all_clients_request_at_once_is_granted_to_one_and_the_others_get_the_name_of_the_holder()
    {
        var size = Soak.Size("leases", 5, 200);
        await api.VmAsync("r3", size);
        var winners = new ConcurrentDictionary<int, string>();
        var losers = new ConcurrentBag<(int Tag, string Detail)>();
        await ApiWithNorthbound.AtOnceAsync(Clients, async client =>
        {
            for (var tag = 2; tag < 2 + size; tag++)
            {
                // Half of them as containers, half as leases.
                var (status, body) =
                    client % 2 == 0
                        ? await api.SendAsync(
                            HttpMethod.Put,
                            $"/v1/vms/r3/vlan-leases/{tag}",
                            $$$"""{"spec":{"owner":"c{{{client}}}-{{{tag}}}"}}"""
                        )
                        : await api.SendAsync(
                            HttpMethod.Put,
                            $"/v1/vms/r3/containers/c{client}-{tag}",
                            $$$"""{"spec":{"vlan":{{{tag}}}}}"""
                        );
                if (status == HttpStatusCode.Created)
                {
                    Assert.True(winners.TryAdd(tag, $"c{client}-{tag}"));
                }
                else
                {
                    Assert.Equal((409, "vlan-tag-taken"), ((int)status, (string?)body!["code"]));
                    losers.Add((tag, (string)body["detail"]!));
                }
            }
        });
        Assert.Equal(Enumerable.Range(2, size), winners.Keys.Order());
        Assert.Equal(size * (Clients - 1), losers.Count);
        Assert.All(losers, loser => Assert.Contains($" {winners[loser.Tag]}.", loser.Detail, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Containers_that_are_created_concurrently_have_distinct_tags_in_the_database_and_in_the_NB()
    {
        var size = Soak.Size("leases", 120, 4093);
        await api.VmAsync("r4", size);
        var taken = new ConcurrentDictionary<string, int>();
        await ApiWithNorthbound.AtOnceAsync(Clients, async client =>
        {
            for (var i = 0; ; i++)
            {
                var (status, body) = await api.SendAsync(HttpMethod.Put, $"/v1/vms/r4/containers/c{client}-{i}", "{}");
                if (status != HttpStatusCode.Created)
                {
                    Assert.Equal((409, "vlan-tags-exhausted"), ((int)status, (string?)body!["code"]));
                    Assert.EndsWith($"{size} bound.", (string?)body["detail"], StringComparison.Ordinal);
                    return;
                }

                taken[$"c{client}-{i}"] = (int)body!["status"]!["effective"]!["vlan"]!;
            }
        });
        Assert.Equal(Enumerable.Range(2, size), taken.Values.Order());
        Assert.Equal((size, 0), await api.CountsAsync("r4"));
        await api.AgreesAsync("r4", taken);
        Assert.Equal(
            size + 1,
            await api.CountAsync(
                """
                SELECT count(DISTINCT a.ip) FROM addresses a JOIN networks n ON n.id = a.network_id WHERE n.name = 'race-r4'
                    AND a.freed_at IS NULL
                """
            )
        );
    }

    [Fact]
    public async Task A_tag_that_passes_from_client_to_client_has_one_holder_at_any_time()
    {
        var rounds = Soak.Size("leases", 12, 400);
        await api.VmAsync("r5", 40);
        var held = new ConcurrentDictionary<int, int>();
        await ApiWithNorthbound.AtOnceAsync(Clients, async client =>
        {
            var random = new Random(client);
            var own = new List<int>();
            for (var i = 0; i < rounds; i++)
            {
                if (own.Count > 0 && random.Next(2) == 0)
                {
                    var tag = own[random.Next(own.Count)];
                    own.Remove(tag);
                    Assert.True(held.TryRemove(new(tag, client)));
                    Assert.Equal(
                        HttpStatusCode.NoContent,
                        (await api.SendAsync(HttpMethod.Delete, $"/v1/vms/r5/vlan-leases/{tag}")).Status
                    );
                    continue;
                }

                var (status, body) = random.Next(3) switch
                {
                    0 => await api.SendAsync(
                        HttpMethod.Put,
                        $"/v1/vms/r5/vlan-leases/{random.Next(2, 42)}",
                        $$$"""{"spec":{"owner":"c{{{client}}}-{{{i}}}"}}"""
                    ),
                    1 => await api.SendAsync(
                        HttpMethod.Post,
                        "/v1/vms/r5/vlan-leases",
                        $$$"""{"spec":{"owner":"c{{{client}}}-{{{i}}}","count":3}}"""
                    ),
                    _ => await api.SendAsync(
                        HttpMethod.Post,
                        "/v1/vms/r5/vlan-leases",
                        $$$"""{"spec":{"owner":"c{{{client}}}-{{{i}}}"}}"""
                    ),
                };
                Assert.Contains(status, new[] { HttpStatusCode.Created, HttpStatusCode.Conflict });
                if (status == HttpStatusCode.Created)
                {
                    foreach (var lease in body!["items"]?.AsArray() ?? [body.DeepClone()])
                    {
                        var tag = (int)lease!["status"]!["tag"]!;
                        Assert.True(held.TryAdd(tag, client), $"{tag} is in two hands");
                        own.Add(tag);
                    }
                }
            }
        });
        Assert.Equal((held.Count, 40 - held.Count), await api.CountsAsync("r5"));
        Assert.Equal(held.Count, await api.CountAsync("SELECT count(*) FROM vlan_history WHERE vm_name = 'r5' AND until IS NULL"));
    }

    [Fact]
    public async Task An_API_that_is_killed_at_random_times_neither_loses_a_tag_nor_grants_one_twice()
    {
        var kills = Soak.Size("leases", 3, 100);
        await api.VmAsync("r6", 60);
        var (held, requests, isOver) = (new ConcurrentDictionary<int, string>(), 0, false);
        var containers = new ConcurrentDictionary<string, int>();
        var killing = KillAsync();
        await ApiWithNorthbound.AtOnceAsync(16, async client =>
        {
            var random = new Random(client);
            var own = new Queue<(string Path, string? ETag)>();
            for (var i = 0; !isOver; i++)
            {
                if (own.Count > 1 && random.Next(2) == 0)
                {
                    // A request without a response is repeated. The ETag protects the lease of the next owner from it.
                    var (path, etag) = own.Dequeue();
                    Assert.True(containers.TryRemove(path, out _) || held.TryRemove(held.Single(pair => pair.Value == path)));
                    Assert.Contains((int)(await AskAsync(HttpMethod.Delete, path, null, etag)).Status, new[] { 202, 204, 404, 412 });
                    continue;
                }

                var name = $"c{client}-{i}";
                if (random.Next(2) == 0)
                {
                    var (status, body) = await AskAsync(
                        HttpMethod.Post,
                        "/v1/vms/r6/vlan-leases",
                        $$$"""{"spec":{"owner":"{{{name}}}"}}"""
                    );
                    if (status is HttpStatusCode.OK or HttpStatusCode.Created)
                    {
                        var (tag, path) = ((int)body!["status"]!["tag"]!, $"/v1/vms/r6/vlan-leases/{body["status"]!["tag"]}");
                        Assert.True(held.TryAdd(tag, path), $"{tag} is in two hands");
                        own.Enqueue((path, $"\"{body["metadata"]!["id"]}.{body["metadata"]!["revision"]}\""));
                    }
                }
                else
                {
                    var path = $"/v1/vms/r6/containers/{name}";
                    var (status, body) = await AskAsync(HttpMethod.Put, path, "{}");
                    if (status is HttpStatusCode.OK or HttpStatusCode.Created)
                    {
                        containers[path] = (int)body!["status"]!["effective"]!["vlan"]!;
                        own.Enqueue((path, null));
                    }
                }
            }
        });
        await killing;

        var names = containers.ToDictionary(pair => pair.Key.Split('/')[^1], pair => pair.Value);
        await api.AgreesAsync("r6", names);
        await Eventually.Holds("every tag of the range is either free or taken", async () =>
            await api.CountsAsync("r6") == (held.Count + names.Count, 60 - held.Count - names.Count)
        );
        Assert.Equal(held.Count + names.Count, held.Keys.Concat(names.Values).Distinct().Count());

        async Task KillAsync()
        {
            var random = new Random(7);
            for (var kill = 0; kill < kills; kill++)
            {
                var point = Volatile.Read(ref requests) + random.Next(20, 120);
                await Eventually.Holds($"{point} requests were sent", () => Volatile.Read(ref requests) >= point);
                await api.Server.KillAsync();
                await api.Server.StartAsync();
                await api.FollowAsync();
            }

            isOver = true;
        }

        Task<(HttpStatusCode Status, JsonNode? Body)> AskAsync(HttpMethod method, string path, string? body, string? etag = null)
        {
            Interlocked.Increment(ref requests);
            return api.SendAsync(method, path, body, etag);
        }
    }
}
