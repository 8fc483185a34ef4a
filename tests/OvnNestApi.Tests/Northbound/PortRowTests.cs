using OvnNestApi.Northbound;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;
using Ovsdb;

namespace OvnNestApi.Tests.Northbound;

/// <summary>Rows of ports with the less usual fields of VMs and containers.</summary>
[Trait("Kind", "pure")]
public sealed class PortRowTests
{
    private const string Own = "02:00:00:00:00:33 172.16.255.179";

    [Fact]
    public void Allowed_addresses_are_in_port_security_with_one_element_for_each_MAC_address()
    {
        var row = RowOf(port =>
            port with
            {
                AllowedAddresses = Allowed("172.16.255.180", "02:00:00:00:00:33 172.16.255.181", "10.9.0.0/24"),
            }
        );

        Assert.Equal($"{Own} 172.16.255.180 172.16.255.181 10.9.0.0/24", row["port_security"].AsString());
        Assert.Equal(Own, row["addresses"].AsString());
    }

    [Fact]
    public void A_port_that_allows_another_MAC_address_gets_the_frames_for_it()
    {
        var row = RowOf(port =>
            port with
            {
                AllowedAddresses = Allowed("00:00:5E:00:01:33 172.16.255.180", "00:00:5e:00:01:33 172.16.255.181"),
            }
        );

        Assert.Equal(OvsdbValue.Set([Own, "00:00:5e:00:01:33 172.16.255.180 172.16.255.181"]), row["port_security"]);
        Assert.Equal(OvsdbValue.Set([Own, "unknown"]), row["addresses"]);
    }

    [Fact]
    public void A_port_without_an_IPv4_address_can_still_use_any_with_its_MAC_address()
    {
        var row = RowOf(port => port with { Ip = null, AllowedAddresses = Allowed("172.16.255.180") });

        Assert.Equal("02:00:00:00:00:33", row["port_security"].AsString());
    }

    [Fact]
    public void A_port_without_port_security_gets_frames_for_unknown_addresses_if_it_asks_for_them()
    {
        var row = RowOf(port => port with { PortSecurity = false, UnknownAddresses = true });

        Assert.Equal(OvsdbValue.Set([Own, "unknown"]), row["addresses"]);
        Assert.True(row.GetValueOrDefault("port_security").IsEmpty);
    }

    [Fact]
    public void A_host_name_is_an_option_of_the_port_and_is_withdrawn_with_the_field()
    {
        var lab = DesiredLab.Seed();
        lab.Containers[0] = lab.Containers[0] with { Hostname = "c51.example.org" };
        var nb = lab.Program();
        var port = new RowRef(Tables.SwitchPort, DesiredLab.Id(1051));
        Assert.Equal("\"c51.example.org\"", nb.Rows[port]["options"].AsStringMap()["hostname"]);

        lab.Containers[0] = lab.Containers[0] with { Hostname = null };
        nb.Apply(lab.Plan(nb));
        Assert.False(nb.Rows[port]["options"].AsStringMap().ContainsKey("hostname"));
    }

    private static Dictionary<string, OvsdbValue> RowOf(Func<DesiredPort, DesiredPort> change)
    {
        var lab = DesiredLab.Seed();
        lab.Containers[0] = change(lab.Containers[0]);
        return lab.Program().Rows[new(Tables.SwitchPort, DesiredLab.Id(1051))];
    }

    private static AllowedAddress[] Allowed(params string[] texts) => [.. texts.Select(AllowedAddress.Parse)];
}
