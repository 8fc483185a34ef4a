using OvnNestApi.Tests.Harness;
using TestServers;

namespace OvnNestApi.Tests.Reconciling;

/// <summary>Allowed addresses, unknown addresses and host names in the northbound and southbound database.</summary>
public sealed class PortOptionTests
{
    [Fact]
    public async Task Allowed_addresses_and_the_host_name_reach_OVN_and_are_withdrawn_with_their_fields()
    {
        await using var nest = await ReconciledInstallation.StartAsync();
        await nest.StartNorthdAsync();
        await nest.NetworkAsync();
        await nest.Api.PutSpecAsync(
            "/v1/vms/vm5",
            """
            {"network":"dmz","mac":"02:ac:10:ff:01:32","ip":"172.16.255.132","hostname":"vm5.example.org",
             "allowedAddresses":["172.16.255.180","00:00:5e:00:01:33 172.16.255.181"]}
            """
        );
        await nest.SettledAsync();
        Assert.Equal(
            """["00:00:5e:00:01:33 172.16.255.181", "02:ac:10:ff:01:32 172.16.255.132 172.16.255.180"]""",
            await nest.GetAsync("dmz-vm5", "port_security")
        );
        Assert.Equal("""["02:ac:10:ff:01:32 172.16.255.132", unknown]""", await nest.GetAsync("dmz-vm5", "addresses"));
        await Eventually.Becomes(
            "OVN sends the host name",
            () => nest.SbctlAsync("lflow-list", "dmz"),
            flows => flows.Contains("hostname = \"vm5.example.org\"", StringComparison.Ordinal)
        );

        (await nest.Api.PatchAsync("/v1/vms/vm5", """{"spec":{"hostname":null,"allowedAddresses":null}}""")).IsSuccess();
        await nest.SettledAsync();
        Assert.Equal("""["02:ac:10:ff:01:32 172.16.255.132"]""", await nest.GetAsync("dmz-vm5", "port_security"));
        Assert.Equal("""["02:ac:10:ff:01:32 172.16.255.132"]""", await nest.GetAsync("dmz-vm5", "addresses"));
        await Eventually.Becomes(
            "OVN sends no host name",
            () => nest.SbctlAsync("lflow-list", "dmz"),
            flows => !flows.Contains("hostname", StringComparison.Ordinal)
        );

        (await nest.Api.PatchAsync("/v1/vms/vm5", """{"spec":{"portSecurity":false,"unknownAddresses":true}}""")).IsSuccess();
        await nest.SettledAsync();
        Assert.Equal("[]", await nest.GetAsync("dmz-vm5", "port_security"));
        Assert.Equal("""["02:ac:10:ff:01:32 172.16.255.132", unknown]""", await nest.GetAsync("dmz-vm5", "addresses"));
    }
}
