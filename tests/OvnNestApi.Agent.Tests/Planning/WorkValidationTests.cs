using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>The agent validates all names and addresses of the work.</summary>
[Trait("Kind", "pure")]
public sealed class WorkValidationTests
{
    [Theory]
    [InlineData("")]
    [InlineData("-x")]
    [InlineData("a b")]
    [InlineData("x;id")]
    [InlineData("$(id)")]
    [InlineData("v%d")]
    [InlineData("a/b")]
    [InlineData("..")]
    [InlineData("c51\n")]
    [InlineData("sixteen-bytes-xy")]
    public void A_device_or_namespace_name_that_is_not_valid_is_rejected(string name)
    {
        var container = Container(C51, "c51", 51);
        Assert.Null(WorkValidation.FindError(container));
        Assert.NotNull(WorkValidation.FindError(container with { Device = container.Device with { Interface = name } }));
        Assert.NotNull(WorkValidation.FindError(container with { Device = container.Device with { Namespace = name } }));
    }

    [Theory]
    [InlineData("x;id", "10.0.0.1", 3)]
    [InlineData("../root", "10.0.0.1", 3)]
    [InlineData("c51", "10.0.0.1 -f", 3)]
    [InlineData("c51", "10.1", 3)]
    [InlineData("c51", "fe80::1", 3)]
    [InlineData("c51", "0.0.0.0", 3)]
    [InlineData("c51", "127.0.0.1", 3)]
    [InlineData("c51", "224.0.0.1", 3)]
    [InlineData("c51", "255.255.255.255", 3)]
    [InlineData("c51", "10.0.0.1", 0)]
    [InlineData("c51", "10.0.0.1", 11)]
    public void A_check_with_a_value_that_is_not_valid_is_rejected(string @namespace, string address, int count)
    {
        Assert.Null(WorkValidation.FindError(new HostCheck(C51, C51, "c51", "10.0.0.1", 3)));
        Assert.NotNull(WorkValidation.FindError(new HostCheck(C51, C51, @namespace, address, count)));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.1/16")]
    [InlineData("010.0.0.1/8")]
    [InlineData("10.0.0.1/24 dev lo")]
    public void An_address_that_is_not_valid_is_rejected(string address)
    {
        var container = Container(C52, "c52", 52, Addressing.Static);
        Assert.NotNull(WorkValidation.FindError(container with { Device = container.Device with { Address = address } }));
    }

    [Theory]
    [InlineData("02:AC:10:ff:01:33")]
    [InlineData("03:ac:10:ff:01:33")]
    [InlineData("02:ac:10:ff:01")]
    public void A_MAC_address_that_is_not_valid_is_rejected(string mac)
    {
        var container = Container(C51, "c51", 51);
        Assert.NotNull(WorkValidation.FindError(container with { Device = container.Device with { Mac = mac } }));
    }
}
