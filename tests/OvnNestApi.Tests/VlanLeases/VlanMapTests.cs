using System.Net;
using System.Xml.Linq;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using OvnNestApi.VlanLeases;

namespace OvnNestApi.Tests.VlanLeases;

/// <summary>The drawing of a VM's tags shows the same as the JSON.</summary>
public sealed class VlanMapTests(ApiProcess api) : IClassFixture<ApiProcess>
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public async Task The_drawing_has_as_many_cells_of_each_state_as_the_JSON()
    {
        await VmAsync("m1", "100-199,300,1250-1349");
        await api.PutAsync("/v1/vms/m1/vlan-leases/300", """{"owner":"team"}""");
        await api.PutAsync("/v1/vms/m1/containers/web", "{}");
        await api.PutAsync("/v1/vms/m1/containers/far", """{"vlan":4094}""");
        await api.PutAsync("/v1/vms/m1/containers/gone", "{}");
        await api.SendOkAsync(HttpMethod.Delete, "/v1/vms/m1/containers/gone");
        var (_, map, _) = await api.SendOkAsync(HttpMethod.Get, "/v1/vms/m1/vlan-map");
        var drawing = XDocument.Parse(await (await DrawAsync("m1", "image/svg+xml")).Content.ReadAsStringAsync());

        var cells = drawing.Descendants(Svg + "g").Single(group => (string?)group.Attribute("class") == "cells").Elements().ToList();
        var drawn = cells
            .Where(cell => cell.Name == Svg + "use")
            .GroupBy(cell => ((string)cell.Attribute("href")!)[1..])
            .ToDictionary(group => group.Key, group => group.Count());
        var runs = cells.Where(cell => cell.Name == Svg + "rect").Select(cell => cell.Element(Svg + "title")!.Value.Split(' ')).ToList();
        drawn["free"] = runs.Where(run => run[1] == "free").Sum(run => Length(run[0]));
        var counts = map!["counts"]!.AsObject().ToDictionary(count => count.Key, count => (int)count.Value!);
        Assert.Equal(counts.Where(count => count.Value > 0).OrderBy(count => count.Key), drawn.OrderBy(count => count.Key));
        Assert.Equal(
            new Dictionary<string, int>
            {
                ["bound"] = 2,
                ["draining"] = 1,
                ["reserved"] = 1,
                ["cooling"] = 0,
                ["foreign"] = 0,
                ["free"] = 198,
            },
            counts
        );
        Assert.Equal(4094, drawn.Values.Sum() + runs.Where(run => run[1] == "outside").Sum(run => Length(run[0])));
        var legend = drawing
            .Descendants(Svg + "g")
            .Single(group => (string?)group.Attribute("class") == "legend")
            .Elements()
            .Select(entry => entry.Element(Svg + "text")!.Value);
        Assert.Equal(["bound 2", "reserved 1", "draining 1", "cooling 0", "foreign 0", "free 198", "not in the ranges 3,892"], legend);
    }

    [Fact]
    public async Task Names_and_owners_are_drawn_as_text_whatever_characters_they_contain()
    {
        await VmAsync("m2", "2-4094");
        await api.PutAsync("/v1/vms/m2/vlan-leases/7", """{"owner":"<script>alert(1)</script> & \"it\""}""");
        await api.PutAsync("/v1/vms/m2/containers/web", """{"vlan":51}""");
        var text = await (await DrawAsync("m2", "image/svg+xml")).Content.ReadAsStringAsync();
        var drawing = XDocument.Parse(text);
        Assert.DoesNotContain(drawing.Descendants(), element => element.Name.LocalName is "script" or "foreignObject" or "image");
        var titles = drawing.Descendants(Svg + "title").Select(title => title.Value).ToList();
        Assert.Contains(titles, title =>
            title.StartsWith("7 reserved: <script>alert(1)</script> & \"it\", since 20", StringComparison.Ordinal)
        );
        Assert.Contains(titles, title => title.StartsWith("51 bound: web, since 20", StringComparison.Ordinal));
        Assert.Contains("51 web", drawing.Descendants(Svg + "text").Select(label => label.Value));
        Assert.Equal(("img", "VLAN tags of m2"), ((string?)drawing.Root!.Attribute("role"), drawing.Root.Element(Svg + "title")!.Value));
        Assert.Equal(
            "Of the tags 2-4094: 1 reserved, 1 bound, 0 draining, 0 cooling, 0 foreign, 4091 free.",
            drawing.Root.Element(Svg + "desc")!.Value
        );
    }

    [Theory]
    [InlineData(null, "application/json")]
    [InlineData("*/*", "application/json")]
    [InlineData("application/json, image/svg+xml", "application/json")]
    [InlineData("image/svg+xml", "image/svg+xml")]
    [InlineData("image/*", "image/svg+xml")]
    [InlineData("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/svg+xml")]
    [InlineData("application/json;q=0.5, image/svg+xml", "image/svg+xml")]
    [InlineData("image/svg+xml;q=0, */*", "application/json")]
    [InlineData("text/html", "application/problem+json")]
    [InlineData("image/png", "application/problem+json")]
    public async Task The_header_Accept_selects_JSON_or_drawing(string? accept, string mediaType)
    {
        await VmAsync("m3", "2-4094");
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head })
        {
            using var answer = await DrawAsync("m3", accept, method);
            Assert.Equal(
                (mediaType == "application/problem+json" ? HttpStatusCode.NotAcceptable : HttpStatusCode.OK, mediaType),
                (answer.StatusCode, answer.Content.Headers.ContentType?.MediaType)
            );
            Assert.Equal("Accept", Assert.Single(answer.Headers.Vary));
            Assert.True(answer.Headers.CacheControl?.NoStore);
        }
    }

    [Fact]
    public void The_drawing_is_small_if_few_tags_are_in_use_and_below_a_megabyte_if_all_are()
    {
        var all = Enumerable
            .Range(1, 4094)
            .Select(tag => new VlanMapEntry(
                tag,
                (LeaseState)(tag % 4),
                $"a-container-of-vm5-{tag}",
                null,
                DateTimeOffset.UnixEpoch,
                null,
                null,
                []
            ))
            .ToList();
        Assert.InRange(Draw([.. all.Take(2)]), 1_000, 40_000);
        Assert.InRange(Draw(all), 100_000, 1_000_000);

        static int Draw(IReadOnlyList<VlanMapEntry> tags) =>
            VlanMapDrawing
                .Of(
                    new(
                        "vm5",
                        "1-4094",
                        new Dictionary<string, int>
                        {
                            ["bound"] = 0,
                            ["reserved"] = 0,
                            ["draining"] = 0,
                            ["cooling"] = 0,
                            ["foreign"] = 0,
                            ["free"] = 4094 - tags.Count,
                        },
                        tags,
                        ""
                    )
                )
                .Length;
    }

    private static int Length(string run) => run.Split('–') is [var first, var last] ? int.Parse(last) - int.Parse(first) + 1 : 1;

    private async Task VmAsync(string name, string ranges)
    {
        await api.PutAsync("/v1/networks/maps", """{"subnet":"10.9.0.0/24"}""");
        await api.PutAsync($"/v1/vms/{name}", $$$"""{"network":"maps","vlanRanges":"{{{ranges}}}"}""");
    }

    private async Task<HttpResponseMessage> DrawAsync(string vm, string? accept, HttpMethod? method = null)
    {
        using var request = new HttpRequestMessage(method ?? HttpMethod.Get, new Uri($"/v1/vms/{vm}/vlan-map", UriKind.Relative));
        if (accept is not null)
        {
            request.Headers.TryAddWithoutValidation("Accept", accept);
        }

        return await api.Server.Client.SendAsync(request);
    }
}
