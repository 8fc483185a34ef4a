using CsCheck;
using OvnNestApi.Northbound;
using OvnNestApi.Tests.Harness;
using Ovsdb;

namespace OvnNestApi.Tests.Northbound;

public sealed class NorthboundPlanTests
{
    private static readonly RowRef C51 = new(Tables.SwitchPort, Lab.Id(1051));
    private static readonly RowRef Dmz = new(Tables.Switch, Lab.Id(102));

    [Fact]
    public void The_seeds_lab_becomes_the_rows_that_its_document_makes()
    {
        var nb = Programmed(Lab.Seed());

        var c51 = nb.Rows[C51];
        Assert.Equal("dmz-c51", c51["name"].AsString());
        Assert.Equal("dmz-vm5", c51["parent_name"].AsString());
        Assert.Equal(51, c51["tag_request"].AsInteger());
        Assert.False(c51.ContainsKey("tag"));
        Assert.Equal("02:00:00:00:00:33 172.16.255.179", c51["addresses"].AsString());
        Assert.Equal(c51["addresses"], c51["port_security"]);
        Assert.Equal(Lab.Id(103), c51["dhcpv4_options"].AsUuid());
        Assert.Equal(
            new Dictionary<string, string> { ["requested-chassis"] = "ubuntu2" },
            nb.Rows[new(Tables.SwitchPort, Lab.Id(1005))]["options"].AsStringMap().ToDictionary()
        );
        Assert.Equal(
            new Dictionary<string, string>
            {
                ["server_id"] = "172.16.255.129",
                ["router"] = "172.16.255.129",
                ["server_mac"] = "02:ac:10:ff:01:81",
                ["lease_time"] = "3600",
                ["mtu"] = "1442",
                ["dns_server"] = "{1.1.1.1, 9.9.9.9}",
                ["domain_name"] = "\"example.org\"",
            },
            nb.Rows[new(Tables.Dhcp, Lab.Id(103))]["options"].AsStringMap().ToDictionary()
        );
        Assert.Equal("172.16.255.129/26", nb.Rows[new(Tables.RouterPort, Lab.Id(104))]["networks"].AsString());
        Assert.Equal("gw-dmz", nb.Rows[new(Tables.SwitchPort, Lab.Id(105))]["options"].AsStringMap()["router-port"]);
        Assert.Equal(4, nb.Rows[Dmz]["ports"].Count);
    }

    [Fact]
    public void The_plan_of_equal_states_is_empty()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        Assert.All(NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())), plan => Assert.True(plan.IsEmpty));
    }

    [Fact]
    public void Ports_of_one_switch_are_added_by_one_mutation_behind_a_guard_of_what_exists()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        nb.Detach(Dmz, C51.Uuid);
        nb.Detach(Dmz, Lab.Id(1052));
        nb.Collect();

        var ops = Ops(lab, nb);

        Assert.Equal(2, ops.OfType<InsertOp>().Count());
        Assert.Equal(2, Assert.Single(ops.OfType<MutateOp>()).Mutations[0].Value.Count);
        Assert.Equal([Dmz.Uuid, Lab.Id(103)], ops.OfType<WaitOp>().Select(op => op.Where[0].Value.AsUuid()).Order());
    }

    [Fact]
    public void Only_the_column_that_differs_is_written()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        nb.Rows[C51]["addresses"] = "unknown";

        var update = Assert.IsType<UpdateOp>(Ops(lab, nb)[^1]);
        Assert.Equal(["addresses"], update.Row.Keys);
    }

    [Fact]
    public void Keys_that_others_put_beside_ours_stay()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        nb.Rows[C51]["external_ids"] = OvsdbValue.Map([
            new("neutron:x", "1"),
            new(Ownership.InstanceKey, "else"),
            new(Ownership.IdKey, Lab.Id(51).ToString()),
        ]);
        nb.Rows[C51]["options"] = OvsdbValue.Map([new("qos_burst", "5"), new("requested-chassis", "nowhere")]);

        nb.Apply(Ops(lab, nb));

        Assert.Equal("1", nb.Rows[C51]["external_ids"].AsStringMap()["neutron:x"]);
        Assert.Equal(Lab.Ours.OwnerOf(new Row(C51.Uuid, nb.Rows[C51])), new OwnerRef(OwnerKind.Container, Lab.Id(51)));
        Assert.Equal(new Dictionary<string, string> { ["qos_burst"] = "5" }, nb.Rows[C51]["options"].AsStringMap().ToDictionary());
    }

    [Fact]
    public void A_port_that_was_moved_to_another_switch_comes_back()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        var other = new RowRef(Tables.Switch, Lab.Id(900));
        nb.Put(other, new() { ["name"] = "other" });
        nb.Attach(other, C51.Uuid);
        nb.Detach(Dmz, C51.Uuid);

        nb.Apply(Ops(lab, nb));

        Assert.True(nb.Rows[Dmz]["ports"].Contains(C51.Uuid));
        Assert.False(nb.Rows[other]["ports"].Contains(C51.Uuid));
    }

    [Fact]
    public void A_new_row_UUID_of_the_same_object_replaces_the_old_row()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        lab.Containers[0] = lab.Containers[0] with { PortUuid = Lab.Id(777) };

        nb.Apply(Ops(lab, nb));

        Assert.DoesNotContain(C51, nb.Rows.Keys);
        Assert.Contains(new RowRef(Tables.SwitchPort, Lab.Id(777)), nb.Rows.Keys);
    }

    [Fact]
    public void A_row_whose_mark_was_falsified_to_name_another_object_is_repaired_and_not_removed()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        nb.Rows[C51]["external_ids"] = nb.Rows[new(Tables.SwitchPort, Lab.Id(1052))]["external_ids"];

        nb.Apply(Ops(lab, nb));

        Assert.Equal(Lab.Id(51), Lab.Ours.OwnerOf(new Row(C51.Uuid, nb.Rows[C51]))?.Id);
        Assert.Empty(Ops(lab, nb));
    }

    [Fact]
    public void A_switch_of_ours_with_a_foreign_port_in_it_is_kept()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        var foreign = new RowRef(Tables.SwitchPort, Lab.Id(901));
        nb.Put(foreign, new() { ["name"] = "theirs" });
        nb.Attach(Dmz, foreign.Uuid);
        DeleteAll(lab);

        var plans = NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted()));
        nb.Apply(NorthboundTransaction.Of([.. plans]));

        Assert.Equal([foreign.Uuid], nb.Rows[Dmz]["ports"].AsUuidSet());
        Assert.Contains("not ours", Assert.Single(plans, plan => plan.Kept is not null).Kept?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void On_an_existing_switch_only_our_ports_come_and_go()
    {
        var lab = Lab.Seed();
        var nb = new NorthboundModel(Lab.Ours);
        var (theirs, dhcp) = (new RowRef(Tables.Switch, Lab.Id(910)), new RowRef(Tables.Dhcp, Lab.Id(911)));
        nb.Put(theirs, new() { ["name"] = "dmz" });
        nb.Put(dhcp, new() { ["cidr"] = "172.16.255.128/26" });
        lab.Networks[Lab.Id(2)] = lab.Networks[Lab.Id(2)] with { SwitchExisting = true, RouterId = null };
        lab.Existing[Lab.Id(2)] = new(theirs.Uuid, dhcp.Uuid, null);

        nb.Apply(Ops(lab, nb));
        Assert.Equal(3, nb.Rows[theirs]["ports"].Count);
        Assert.Equal(dhcp.Uuid, nb.Rows[C51]["dhcpv4_options"].AsUuid());

        DeleteAll(lab);
        nb.Apply(Ops(lab, nb));
        Assert.Equal("dmz", nb.Rows[theirs]["name"].AsString());
        Assert.Equal(0, nb.Rows[theirs]["ports"].Count);
        Assert.Contains(dhcp, nb.Rows.Keys);
    }

    [Fact]
    public void What_goes_unasked_is_counted_and_a_new_row_in_its_place_is_no_loss()
    {
        var lab = Lab.Seed();
        var nb = Programmed(lab);
        lab.Containers[0] = lab.Containers[0] with { IsAsked = false, PortUuid = Lab.Id(777) };
        lab.Containers[1] = lab.Containers[1] with { IsAsked = false, IsWanted = false };

        Assert.Equal(1, NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())).Sum(plan => plan.Unasked));
    }

    [Fact]
    public void Whatever_happened_to_the_rows_one_plan_makes_them_what_is_wanted_and_touches_nothing_foreign() =>
        Gen.Select(Gen.Int[0, 0xFFFF].Array[0, 12], Gen.Int[0, 255])
            .Sample(
                pair =>
                {
                    var (damage, shape) = pair;
                    var lab = Lab.Seed();
                    var nb = Programmed(lab);
                    var foreign = new RowRef(Tables.SwitchPort, Lab.Id(901));
                    nb.Put(foreign, new() { ["name"] = "theirs", ["parent_name"] = "dmz-vm5" });
                    nb.Put(new(Tables.Switch, Lab.Id(900)), new() { ["name"] = "theirs" });
                    nb.Attach(new(Tables.Switch, Lab.Id(900)), foreign.Uuid);
                    var theirs = nb.Rows[foreign].ToDictionary();
                    foreach (var n in damage)
                    {
                        Damage(nb, n);
                    }

                    nb.Collect();
                    Change(lab, shape);

                    foreach (var plan in NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())))
                    {
                        nb.Apply(NorthboundTransaction.Of([plan]));
                    }

                    Assert.Empty(Ops(lab, nb));
                    Assert.Equal(theirs, nb.Rows[foreign]);
                    Assert.Equal([foreign.Uuid], nb.Rows[new(Tables.Switch, Lab.Id(900))]["ports"].AsUuidSet());
                    Assert.Equal(lab.Wanted().Sum(o => o.Rows.Count) + 2, nb.Rows.Count);
                },
                iter: 2000
            );

    private static void Damage(NorthboundModel nb, int n)
    {
        var ours = nb.Rows.Keys.Where(row => row.Uuid != Lab.Id(900) && row.Uuid != Lab.Id(901)).OrderBy(row => row.Uuid).ToList();
        if (ours.Count == 0)
        {
            return;
        }

        var row = ours[n % ours.Count];
        var columns = nb.Rows[row];
        var column = columns
            .Keys.Where(c => c != "ports")
            .Order(StringComparer.Ordinal)
            .ElementAt((n >> 4) % columns.Keys.Count(c => c != "ports"));
        switch ((n >> 8) % 4)
        {
            case 0 when column is not ("external_ids" or "options"):
                columns[column] = "damaged";
                break;
            case 1 when Tables.ParentOf(row.Table) == Tables.Switch:
                nb.Attach(new(Tables.Switch, Lab.Id(900)), row.Uuid);
                break;
            case 2 when Tables.ParentOf(row.Table) == Tables.Switch && nb.Rows.ContainsKey(Dmz):
                nb.Detach(Dmz, row.Uuid);
                break;
            default:
                columns.Remove("options");
                break;
        }
    }

    private static void Change(Lab lab, int shape)
    {
        if ((shape & 1) != 0)
        {
            lab.Containers[0] = lab.Containers[0] with { Tag = 99, Enabled = false };
        }

        if ((shape & 2) != 0)
        {
            lab.Containers[1] = lab.Containers[1] with { IsWanted = false };
        }

        if ((shape & 4) != 0)
        {
            lab.Networks[Lab.Id(2)] = lab.Networks[Lab.Id(2)] with { RouterId = null, Mtu = 1400 };
        }

        if ((shape & 8) != 0)
        {
            lab.Vms[Lab.Id(5)] = lab.Vms[Lab.Id(5)] with { Chassis = null, PortUuid = Lab.Id(888) };
        }

        if ((shape & 16) != 0)
        {
            DeleteAll(lab);
        }
    }

    private static void DeleteAll(Lab lab)
    {
        foreach (var (id, router) in lab.Routers)
        {
            lab.Routers[id] = router with { IsWanted = false };
        }

        foreach (var (id, network) in lab.Networks)
        {
            lab.Networks[id] = network with { IsWanted = false };
        }

        foreach (var (id, vm) in lab.Vms)
        {
            lab.Vms[id] = vm with { IsWanted = false };
        }

        for (var i = 0; i < lab.Containers.Count; i++)
        {
            lab.Containers[i] = lab.Containers[i] with { IsWanted = false };
        }
    }

    private static NorthboundModel Programmed(Lab lab)
    {
        var nb = new NorthboundModel(Lab.Ours);
        nb.Apply(Ops(lab, nb));
        return nb;
    }

    private static IReadOnlyList<Op> Ops(Lab lab, NorthboundModel nb) =>
        NorthboundTransaction.Of([.. NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted()))]);
}
