using OvnNestApi.HostPlanning;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Names of patch ports.</summary>
[Trait("Kind", "pure")]
public sealed class PatchNamesTests
{
    [Theory]
    [InlineData("br-vm5", "br-int", "brvm5-brint", "brint-brvm5")]
    [InlineData("br-vm5555", "br-int", "brvm5555-brint", "brint-brvm5555")]
    [InlineData("br-vm-5", "br-int", "nv000000000005", "ni000000000005")]
    [InlineData("brvm5", "br-int", "nv000000000005", "ni000000000005")]
    [InlineData("br-vm555555", "br-int", "nv000000000005", "ni000000000005")]
    public void Patch_ports_have_readable_names_if_these_fit_and_are_unambiguous(
        string bridge,
        string integration,
        string near,
        string far
    ) => Assert.Equal((near, far), PatchNames.For(bridge, integration, Vm5));
}
