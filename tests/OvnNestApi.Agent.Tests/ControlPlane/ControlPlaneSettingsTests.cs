using OvnNestApi.Agent.ControlPlane;

namespace OvnNestApi.Agent.Tests.ControlPlane;

/// <summary>Address of the control plane.</summary>
[Trait("Kind", "pure")]
public sealed class ControlPlaneSettingsTests
{
    [Theory]
    [InlineData("http://10.0.0.1:8080")]
    [InlineData("http://nest.example")]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("unix:api.sock")]
    [InlineData("nonsense")]
    public void An_address_that_is_not_valid_or_would_expose_the_key_is_rejected(string url) =>
        Assert.Throws<FormatException>(() => ControlPlaneSettings.From(name => name == "NEST_URL" ? url : null));

    [Theory]
    [InlineData("https://nest.example/base", "https://nest.example/base/", null)]
    [InlineData("http://127.0.0.1:8080", "http://127.0.0.1:8080/", null)]
    [InlineData("unix:/run/nest/api.sock", "http://localhost/", "/run/nest/api.sock")]
    public void A_valid_address_is_accepted(string url, string expected, string? socket)
    {
        var settings = ControlPlaneSettings.From(name => name == "NEST_URL" ? url : null);
        Assert.Equal((expected, socket), (settings.Url.ToString(), settings.UnixSocket));
    }
}
