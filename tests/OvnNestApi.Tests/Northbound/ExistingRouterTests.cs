using OvnNestApi.Northbound;
using OvnNestApi.Tests.Harness;
using Ovsdb;

namespace OvnNestApi.Tests.Northbound;

/// <summary>Rows of a router that another system created, and of the networks that are connected to it.</summary>
[Trait("Kind", "pure")]
public sealed class ExistingRouterTests
{
    private static readonly RowRef Theirs = new(Tables.Router, DesiredLab.Id(920));
    private static readonly RowRef RouterPort = new(Tables.RouterPort, DesiredLab.Id(104));
    private static readonly RowRef SwitchPort = new(Tables.SwitchPort, DesiredLab.Id(105));

    [Fact]
    public void On_an_existing_router_only_our_router_ports_are_added_and_deleted()
    {
        var (lab, nb) = Lab();
        nb.Apply(lab.Plan(nb));

        Assert.Equal([RouterPort.Uuid, DesiredLab.Id(921)], nb.Rows[Theirs]["ports"].AsUuidSet().Order());
        Assert.Single(nb.Rows.Keys, row => row.Table == Tables.Router);
        Assert.All(NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())), plan => Assert.True(plan.IsEmpty));

        lab.DeleteAll();
        nb.Apply(lab.Plan(nb));
        Assert.Equal("edge", nb.Rows[Theirs]["name"].AsString());
        Assert.Equal([DesiredLab.Id(921)], nb.Rows[Theirs]["ports"].AsUuidSet());
        Assert.DoesNotContain(RouterPort, nb.Rows.Keys);
    }

    [Fact]
    public void A_port_is_added_to_an_existing_router_only_if_the_router_still_exists()
    {
        var (lab, nb) = Lab();

        Assert.Contains(Theirs.Uuid, lab.Plan(nb).OfType<WaitOp>().Select(op => op.Where[0].Value.AsUuid()));
    }

    [Fact]
    public void A_network_whose_existing_router_is_missing_is_created_without_its_router_ports()
    {
        var (lab, nb) = Lab();
        lab.ExistingRouters[DesiredLab.Id(1)] = new(null, "There is no logical router edge.");

        var plans = NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted()));
        nb.Apply(NorthboundTransaction.Of([.. plans]));

        Assert.Contains(new RowRef(Tables.Switch, DesiredLab.Id(102)), nb.Rows.Keys);
        Assert.DoesNotContain(RouterPort, nb.Rows.Keys);
        Assert.DoesNotContain(SwitchPort, nb.Rows.Keys);
        Assert.Equal(
            [OwnerKind.Router, OwnerKind.Network],
            plans.Where(plan => plan.Obstacle?.Message == "There is no logical router edge.").Select(plan => plan.Owner.Kind)
        );
    }

    [Fact]
    public void Router_ports_are_left_as_they_are_while_it_is_not_known_which_router_is_meant()
    {
        var (lab, nb) = Lab();
        nb.Apply(lab.Plan(nb));
        lab.ExistingRouters[DesiredLab.Id(1)] = new(null, "2 logical routers are named edge.");

        Assert.Empty(lab.Plan(nb));
        Assert.All(NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())), plan => Assert.Empty(plan.Doubts));
    }

    [Fact]
    public void A_network_on_an_existing_switch_can_be_connected_to_an_existing_router()
    {
        var (lab, nb) = Lab();
        var their = new RowRef(Tables.Switch, DesiredLab.Id(910));
        nb.Put(their, new() { ["name"] = "dmz" });
        lab.Networks[DesiredLab.Id(2)] = lab.Networks[DesiredLab.Id(2)] with { SwitchExisting = true };
        lab.Existing[DesiredLab.Id(2)] = new(their.Uuid, null, null);

        nb.Apply(lab.Plan(nb));

        Assert.Contains(RouterPort.Uuid, nb.Rows[Theirs]["ports"].AsUuidSet());
        Assert.Contains(SwitchPort.Uuid, nb.Rows[their]["ports"].AsUuidSet());
    }

    /// <summary>The example lab whose router is another system's: router edge, with a port of its own.</summary>
    private static (DesiredLab Lab, NorthboundModel Northbound) Lab()
    {
        var (lab, nb) = (DesiredLab.Seed(), new NorthboundModel(DesiredLab.Ours));
        nb.Put(Theirs, new() { ["name"] = "edge" });
        nb.Put(new(Tables.RouterPort, DesiredLab.Id(921)), new() { ["name"] = "uplink" });
        nb.Attach(Theirs, DesiredLab.Id(921));
        lab.Routers[DesiredLab.Id(1)] = lab.Routers[DesiredLab.Id(1)] with { ExistingName = "edge" };
        lab.ExistingRouters[DesiredLab.Id(1)] = new(Theirs.Uuid, null);
        return (lab, nb);
    }
}
