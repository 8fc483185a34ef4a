using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.Planning;
using OvnNestApi.Agent.State;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests;

/// <summary>What the agent is told from outside, and what it keeps.</summary>
public sealed class SettingsTests
{
    [Theory]
    [InlineData("http://10.0.0.1:8080")]
    [InlineData("http://nest.example")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("unix:api.sock")]
    [InlineData("nonsense")]
    public void An_address_over_which_the_key_could_be_read_or_that_is_none_is_refused(string url) =>
        Assert.Throws<FormatException>(() => ControlPlaneSettings.From(name => name == "NEST_URL" ? url : null));

    [Theory]
    [InlineData("https://nest.example/base", "https://nest.example/base/", null)]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/", null)]
    [InlineData("unix:/run/nest/api.sock", "http://localhost/", "/run/nest/api.sock")]
    public void These_addresses_are_taken(string url, string expected, string? socket)
    {
        var settings = ControlPlaneSettings.From(name => name == "NEST_URL" ? url : null);
        Assert.Equal((expected, socket), (settings.Url.ToString(), settings.UnixSocket));
    }

    [Fact]
    public void The_key_is_made_once_and_nobody_else_can_read_it()
    {
        var folder = Directory.CreateTempSubdirectory("nest-state-").FullName;
        try
        {
            string key;
            using (var state = new StateFolder(folder))
            {
                key = state.Key();
                Assert.Equal(43, key.Length);
                Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(state.KeyFile));
                Assert.Throws<IOException>(() => new StateFolder(folder)); // one agent at a time
            }
            using var again = new StateFolder(folder);
            Assert.Equal(key, again.Key());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("br-vm5", "br-int", "brvm5-brint", "brint-brvm5")]
    [InlineData("br-vm5555", "br-int", "brvm5555-brint", "brint-brvm5555")]
    [InlineData("br-vm-5", "br-int", "nv000000000005", "ni000000000005")]
    [InlineData("brvm5", "br-int", "nv000000000005", "ni000000000005")]
    [InlineData("br-vm555555", "br-int", "nv000000000005", "ni000000000005")]
    public void The_patch_pair_is_named_as_in_the_seed_where_that_is_unambiguous(
        string bridge,
        string integration,
        string near,
        string far
    ) => Assert.Equal((near, far), PatchNames.For(bridge, integration, Vm5));

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
    public void Such_a_name_is_no_device(string name)
    {
        var container = Container(C51, "c51", 51);
        Assert.Null(WorkValidation.Fault(container));
        Assert.NotNull(WorkValidation.Fault(container with { Device = container.Device with { Interface = name } }));
        Assert.NotNull(WorkValidation.Fault(container with { Device = container.Device with { Namespace = name } }));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("10.0.0.1/33")]
    [InlineData("10.1/16")]
    [InlineData("010.0.0.1/8")]
    [InlineData("10.0.0.1/24 dev lo")]
    public void Such_an_address_is_none(string address)
    {
        var container = Container(C52, "c52", 52, Contracts.Addressing.Static);
        Assert.NotNull(WorkValidation.Fault(container with { Device = container.Device with { Address = address } }));
    }

    [Theory]
    [InlineData("02:AC:10:ff:01:33")]
    [InlineData("03:ac:10:ff:01:33")]
    [InlineData("02:ac:10:ff:01")]
    public void Such_a_mac_address_is_none(string mac)
    {
        var container = Container(C51, "c51", 51);
        Assert.NotNull(WorkValidation.Fault(container with { Device = container.Device with { Mac = mac } }));
    }
}
