using OvnNestApi.Northbound;
using OvnNestApi.Tests.Harness;
using Ovsdb;

namespace OvnNestApi.Tests.Northbound;

/// <summary>Operations that bring the rows of the northbound database to the desired state.</summary>
[Trait("Kind", "pure")]
public sealed class NorthboundPlanTests
{
    private static readonly RowRef C51 = new(Tables.SwitchPort, DesiredLab.Id(1051));
    private static readonly RowRef Dmz = new(Tables.Switch, DesiredLab.Id(102));

    [Fact]
    public void The_example_lab_of_the_documentation_becomes_the_rows_that_its_commands_create()
    {
        var nb = DesiredLab.Seed().Program();

        var c51 = nb.Rows[C51];
        Assert.Equal("dmz-c51", c51["name"].AsString());
        Assert.Equal("dmz-vm5", c51["parent_name"].AsString());
        Assert.Equal(51, c51["tag_request"].AsInteger());
        Assert.False(c51.ContainsKey("tag"));
        Assert.Equal("02:00:00:00:00:33 172.16.255.179", c51["addresses"].AsString());
        Assert.Equal(c51["addresses"], c51["port_security"]);
        Assert.Equal(DesiredLab.Id(103), c51["dhcpv4_options"].AsUuid());
        Assert.Equal(
            new Dictionary<string, string> { ["requested-chassis"] = "ubuntu2" },
            nb.Rows[new(Tables.SwitchPort, DesiredLab.Id(1005))]["options"].AsStringMap().ToDictionary()
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
            nb.Rows[new(Tables.Dhcp, DesiredLab.Id(103))]["options"].AsStringMap().ToDictionary()
        );
        Assert.Equal("172.16.255.129/26", nb.Rows[new(Tables.RouterPort, DesiredLab.Id(104))]["networks"].AsString());
        Assert.Equal("gw-dmz-0a1b2c", nb.Rows[new(Tables.RouterPort, DesiredLab.Id(104))]["name"].AsString());
        Assert.Equal("dmz-gw", nb.Rows[new(Tables.SwitchPort, DesiredLab.Id(105))]["name"].AsString());
        Assert.Equal("gw-dmz-0a1b2c", nb.Rows[new(Tables.SwitchPort, DesiredLab.Id(105))]["options"].AsStringMap()["router-port"]);
        Assert.Equal(4, nb.Rows[Dmz]["ports"].Count);
    }

    [Fact]
    public void The_plan_of_equal_states_is_empty()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        Assert.All(NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())), plan => Assert.True(plan.IsEmpty));
    }

    [Fact]
    public void A_new_row_has_all_keys_of_a_map_column_that_is_named_twice()
    {
        var owner = new OwnerRef(OwnerKind.Router, DesiredLab.Id(1));
        var row = new WantedRow(
            new(Tables.Router, DesiredLab.Id(1)),
            [],
            [new("external_ids", [new("a", "1")]), new("external_ids", [new("b", "2")])]
        );
        var plan = NorthboundPlan.Between([new(owner, [row], IsRequested: true)], Enumerable.Empty<ActualRow>().ToLookup(_ => owner));

        var columns = Assert.IsType<InsertOp>(Assert.Single(plan[0].Writes)).Row;
        Assert.Equal(new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" }, columns["external_ids"].AsStringMap().ToDictionary());
    }

    [Fact]
    public void Ports_of_one_switch_are_added_by_one_mutation_after_a_check_that_the_referenced_rows_exist()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        nb.Detach(Dmz, C51.Uuid);
        nb.Detach(Dmz, DesiredLab.Id(1052));
        nb.Collect();

        var ops = lab.Plan(nb);

        Assert.Equal(2, ops.OfType<InsertOp>().Count());
        Assert.Equal(2, Assert.Single(ops.OfType<MutateOp>()).Mutations[0].Value.Count);
        Assert.Equal([Dmz.Uuid, DesiredLab.Id(103)], ops.OfType<WaitOp>().Select(op => op.Where[0].Value.AsUuid()).Order());
    }

    [Fact]
    public void Only_the_column_that_differs_is_written()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        nb.Rows[C51]["addresses"] = "unknown";

        var update = Assert.IsType<UpdateOp>(lab.Plan(nb)[^1]);
        Assert.Equal(["addresses"], update.Row.Keys);
    }

    [Fact]
    public void Keys_of_other_systems_in_a_column_of_ours_are_kept()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        nb.Rows[C51]["external_ids"] = OvsdbValue.Map([
            new("neutron:x", "1"),
            new(Ownership.InstanceKey, "else"),
            new(Ownership.IdKey, DesiredLab.Id(51).ToString()),
        ]);
        nb.Rows[C51]["options"] = OvsdbValue.Map([new("qos_burst", "5"), new("requested-chassis", "nowhere")]);

        nb.Apply(lab.Plan(nb));

        Assert.Equal("1", nb.Rows[C51]["external_ids"].AsStringMap()["neutron:x"]);
        Assert.Equal(DesiredLab.Ours.OwnerOf(new Row(C51.Uuid, nb.Rows[C51])), new OwnerRef(OwnerKind.Container, DesiredLab.Id(51)));
        Assert.Equal(new Dictionary<string, string> { ["qos_burst"] = "5" }, nb.Rows[C51]["options"].AsStringMap().ToDictionary());
    }

    [Fact]
    public void A_port_that_was_moved_to_another_switch_is_moved_back()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        var other = new RowRef(Tables.Switch, DesiredLab.Id(900));
        nb.Put(other, new() { ["name"] = "other" });
        nb.Attach(other, C51.Uuid);
        nb.Detach(Dmz, C51.Uuid);

        nb.Apply(lab.Plan(nb));

        Assert.True(nb.Rows[Dmz]["ports"].Contains(C51.Uuid));
        Assert.False(nb.Rows[other]["ports"].Contains(C51.Uuid));
    }

    [Fact]
    public void A_new_row_UUID_of_the_same_resource_replaces_the_old_row()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        lab.Containers[0] = lab.Containers[0] with { PortUuid = DesiredLab.Id(777) };

        nb.Apply(lab.Plan(nb));

        Assert.DoesNotContain(C51, nb.Rows.Keys);
        Assert.Contains(new RowRef(Tables.SwitchPort, DesiredLab.Id(777)), nb.Rows.Keys);
    }

    [Fact]
    public void A_row_whose_owner_mark_was_changed_to_another_resource_is_repaired_and_not_deleted()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        nb.Rows[C51]["external_ids"] = nb.Rows[new(Tables.SwitchPort, DesiredLab.Id(1052))]["external_ids"];

        nb.Apply(lab.Plan(nb));

        Assert.Equal(DesiredLab.Id(51), DesiredLab.Ours.OwnerOf(new Row(C51.Uuid, nb.Rows[C51]))?.Id);
        Assert.Empty(lab.Plan(nb));
    }

    [Fact]
    public void A_switch_of_ours_with_a_foreign_port_is_kept()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        var foreign = new RowRef(Tables.SwitchPort, DesiredLab.Id(901));
        nb.Put(foreign, new() { ["name"] = "theirs" });
        nb.Attach(Dmz, foreign.Uuid);
        lab.DeleteAll();

        var plans = NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted()));
        nb.Apply(NorthboundTransaction.Of([.. plans]));

        Assert.Equal([foreign.Uuid], nb.Rows[Dmz]["ports"].AsUuidSet());
        Assert.Contains(
            "this service did not create",
            Assert.Single(plans, plan => plan.Obstacle is not null).Obstacle?.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_row_that_is_deleted_is_checked_for_content_of_others_unless_the_deletion_is_forced()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        nb.Rows[Dmz]["acls"] = OvsdbValue.Empty;
        lab.DeleteAll();
        var guard = Assert.Single(lab.Plan(nb).OfType<WaitOp>(), wait => wait.Table == Tables.Switch);
        Assert.Equal(["acls", "ports"], guard.Columns.Order(StringComparer.Ordinal));

        nb.Rows[Dmz]["acls"] = OvsdbValue.Set([DesiredLab.Id(902)]);
        Assert.DoesNotContain(lab.Plan(nb).OfType<DeleteOp>(), delete => delete.Table == Tables.Switch);

        lab.Networks[DesiredLab.Id(2)] = lab.Networks[DesiredLab.Id(2)] with { IsForced = true };
        Assert.Contains(lab.Plan(nb).OfType<DeleteOp>(), delete => delete.Table == Tables.Switch);
        Assert.DoesNotContain(lab.Plan(nb).OfType<WaitOp>(), wait => wait.Table == Tables.Switch);
    }

    [Fact]
    public void Changes_of_addresses_tags_parents_and_switches_are_doubtful_and_other_repairs_are_not()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        lab.Containers[0] = lab.Containers[0] with { IsRequested = false };
        lab.Containers[1] = lab.Containers[1] with { IsRequested = false };
        nb.Rows[C51]["enabled"] = false;
        nb.Rows[C51]["external_ids"] = OvsdbValue.EmptyMap;
        nb.Detach(Dmz, DesiredLab.Id(1052));
        nb.Collect();
        Assert.Empty(Doubts());

        nb.Rows[C51]["tag_request"] = 77;
        nb.Rows[C51]["addresses"] = "unknown";
        var change = Assert.Single(Doubts()).Change;
        Assert.Contains("dmz-c51 would be changed: addresses from \"unknown\" to \"02:00:", change, StringComparison.Ordinal);
        Assert.Contains(", tag_request from 77 to 51", change, StringComparison.Ordinal);

        lab.Containers[0] = lab.Containers[0] with { IsRequested = true };
        Assert.Empty(Doubts());

        List<Doubt> Doubts() => [.. NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())).SelectMany(plan => plan.Doubts)];
    }

    [Fact]
    public void On_an_existing_switch_only_our_ports_are_added_and_deleted()
    {
        var lab = DesiredLab.Seed();
        var nb = new NorthboundModel(DesiredLab.Ours);
        var (theirs, dhcp) = (new RowRef(Tables.Switch, DesiredLab.Id(910)), new RowRef(Tables.Dhcp, DesiredLab.Id(911)));
        nb.Put(theirs, new() { ["name"] = "dmz" });
        nb.Put(dhcp, new() { ["cidr"] = "172.16.255.128/26" });
        lab.Networks[DesiredLab.Id(2)] = lab.Networks[DesiredLab.Id(2)] with { SwitchExisting = true, RouterId = null };
        lab.Existing[DesiredLab.Id(2)] = new(theirs.Uuid, dhcp.Uuid, null);

        nb.Apply(lab.Plan(nb));
        Assert.Equal(3, nb.Rows[theirs]["ports"].Count);
        Assert.Equal(dhcp.Uuid, nb.Rows[C51]["dhcpv4_options"].AsUuid());

        lab.DeleteAll();
        nb.Apply(lab.Plan(nb));
        Assert.Equal("dmz", nb.Rows[theirs]["name"].AsString());
        Assert.Equal(0, nb.Rows[theirs]["ports"].Count);
        Assert.Contains(dhcp, nb.Rows.Keys);
    }

    [Fact]
    public void A_deletion_without_a_request_is_a_removal_unless_a_new_row_replaces_the_deleted_one()
    {
        var lab = DesiredLab.Seed();
        var nb = lab.Program();
        lab.Containers[0] = lab.Containers[0] with { IsRequested = false, PortUuid = DesiredLab.Id(777) };
        lab.Containers[1] = lab.Containers[1] with { IsRequested = false, IsWanted = false };

        var doubts = NorthboundPlan.Between(lab.Wanted(), nb.RowsOf(lab.Wanted())).SelectMany(plan => plan.Doubts).ToList();
        Assert.Equal(
            ["Logical_Switch_Port dmz-c51 would be replaced", "Logical_Switch_Port dmz-c52 would be deleted"],
            doubts.Select(doubt => doubt.Change).Order(StringComparer.Ordinal)
        );
        Assert.Equal(1, doubts.Count(doubt => doubt.IsRemoval));
    }
}
