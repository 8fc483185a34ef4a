using System.Net;

namespace OvnNestApi.Tests.Adoption;

/// <summary>Allowed addresses, unknown addresses and host names of ports that were made by hand are kept.</summary>
public sealed class PortOptionTests
{
    [Fact]
    public async Task Options_of_a_port_are_proposed_and_do_not_change_when_it_is_adopted()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync(
            "dmz-c51",
            "port_security=[\"02:ac:10:ff:01:33 172.16.255.133 172.16.255.180 10.9.0.0/24\",\"00:00:5e:00:01:07 172.16.255.181\"]",
            "addresses=[\"02:ac:10:ff:01:33 172.16.255.133\",unknown]",
            "options:hostname=\"\\\"c51.example.org\\\"\""
        );
        await lab.SetAsync("dmz-c52", "port_security=[]", "addresses=[\"02:ac:10:ff:01:34 172.16.255.134\",unknown]");
        var columns = new[] { "addresses", "port_security", "options" };
        var before = await ValuesAsync(lab, columns);

        var (one, two) = (await lab.ItemAsync("c51"), await lab.ItemAsync("c52"));
        Assert.Equal(["tagWithoutRequest"], await lab.DefectsAsync("c51"));
        Assert.Equal(["tagWithoutRequest"], await lab.DefectsAsync("c52"));
        Assert.Equal(
            """["00:00:5e:00:01:07 172.16.255.181","172.16.255.180","10.9.0.0/24"]""",
            one["spec"]!["allowedAddresses"]!.ToJsonString()
        );
        Assert.Equal("c51.example.org", (string?)one["spec"]!["hostname"]);
        Assert.True((bool)two["spec"]!["unknownAddresses"]!);

        (await lab.AdoptAsync()).Is(HttpStatusCode.OK);
        await lab.Nest.PortBecomesAsync("dmz-c51", "tag_request", "51");
        await lab.Nest.PortBecomesAsync("dmz-c52", "tag_request", "52");
        Assert.Equal(before, await ValuesAsync(lab, columns));
    }

    [Fact]
    public async Task Options_of_a_port_must_be_in_the_spec()
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync(
            "dmz-c51",
            "port_security=\"02:ac:10:ff:01:33 172.16.255.133 172.16.255.180\"",
            "options:hostname=c51",
            "options:requested-chassis=far"
        );
        await lab.SetAsync("dmz-c52", "port_security=[]", "addresses=[\"02:ac:10:ff:01:34 172.16.255.134\",unknown]");
        var items = await lab.ListAsync();
        foreach (var (place, field) in new[] { (3, "allowedAddresses"), (3, "hostname"), (4, "unknownAddresses") })
        {
            items[place]!["spec"]!.AsObject().Remove(field);
        }

        (await lab.AdoptAsync("", items)).IsProblem(
            "not-adoptable",
            "#/items/3/spec/portSecurity",
            "#/items/3/spec/host",
            "#/items/3/spec/hostname",
            "#/items/4/spec/ip"
        );
    }

    [Theory]
    [InlineData("unknownUnusable!", "addresses=[\"02:ac:10:ff:01:33 172.16.255.133\",unknown]")]
    [InlineData("unknownMissing", "port_security=[\"02:ac:10:ff:01:33 172.16.255.133\",\"00:00:5e:00:01:07 172.16.255.181\"]")]
    [InlineData("portSecurityOther!", "port_security=[\"02:ac:10:ff:01:33 172.16.255.133\",\"00:00:5e:00:01:07\"]")]
    [InlineData("portSecurityOther!", "port_security=\"02:ac:10:ff:01:33 172.16.255.133 fd00::1\"")]
    [InlineData("portSecurityOther!", "port_security=\"02:ac:10:ff:01:33 172.16.255.180\"")]
    [InlineData("hostnameInvalid!", "options:hostname=\"a b\"")]
    public async Task Each_defect_of_an_option_is_named(string expected, string change)
    {
        await using var lab = await HandMadeLab.StartAsync();
        await lab.SetAsync("dmz-c51", change);
        Assert.Equal([expected, "tagWithoutRequest"], await lab.DefectsAsync("c51"));
    }

    private static async Task<string> ValuesAsync(HandMadeLab lab, string[] columns)
    {
        var values = new List<string>();
        foreach (var port in new[] { "dmz-c51", "dmz-c52" })
        {
            foreach (var column in columns)
            {
                values.Add($"{port} {column}: {await lab.Nest.GetAsync(port, column)}");
            }
        }

        return string.Join('\n', values);
    }
}
