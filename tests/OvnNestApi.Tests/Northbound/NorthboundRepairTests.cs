using CsCheck;
using OvnNestApi.Northbound;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Northbound;

/// <summary>Plans that repair randomly damaged rows.</summary>
[Trait("Kind", "pure")]
public sealed class NorthboundRepairTests
{
    private static readonly RowRef Dmz = new(Tables.Switch, DesiredLab.Id(102));

    [Fact]
    public void One_plan_repairs_any_damage_and_changes_no_foreign_row() =>
        Gen.Select(Gen.Int[0, 0xFFFF].Array[0, 12], Gen.Int[0, 255])
            .Sample(
                pair =>
                {
                    var (damage, shape) = pair;
                    var lab = DesiredLab.Seed();
                    var nb = lab.Program();
                    var foreign = new RowRef(Tables.SwitchPort, DesiredLab.Id(901));
                    nb.Put(foreign, new() { ["name"] = "theirs", ["parent_name"] = "dmz-vm5" });
                    nb.Put(new(Tables.Switch, DesiredLab.Id(900)), new() { ["name"] = "theirs" });
                    nb.Attach(new(Tables.Switch, DesiredLab.Id(900)), foreign.Uuid);
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

                    Assert.Empty(lab.Plan(nb));
                    Assert.Equal(theirs, nb.Rows[foreign]);
                    Assert.Equal([foreign.Uuid], nb.Rows[new(Tables.Switch, DesiredLab.Id(900))]["ports"].AsUuidSet());
                    Assert.Equal(lab.Wanted().Sum(o => o.Rows.Count) + 2, nb.Rows.Count);
                },
                iter: 2000
            );

    private static void Damage(NorthboundModel nb, int n)
    {
        var ours = nb
            .Rows.Keys.Where(row => row.Uuid != DesiredLab.Id(900) && row.Uuid != DesiredLab.Id(901))
            .OrderBy(row => row.Uuid)
            .ToList();
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
                nb.Attach(new(Tables.Switch, DesiredLab.Id(900)), row.Uuid);
                break;
            case 2 when Tables.ParentOf(row.Table) == Tables.Switch && nb.Rows.ContainsKey(Dmz):
                nb.Detach(Dmz, row.Uuid);
                break;
            default:
                columns.Remove("options");
                break;
        }
    }

    private static void Change(DesiredLab lab, int shape)
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
            lab.Networks[DesiredLab.Id(2)] = lab.Networks[DesiredLab.Id(2)] with { RouterId = null, Mtu = 1400 };
        }

        if ((shape & 8) != 0)
        {
            lab.Vms[DesiredLab.Id(5)] = lab.Vms[DesiredLab.Id(5)] with { Chassis = null, PortUuid = DesiredLab.Id(888) };
        }

        if ((shape & 16) != 0)
        {
            lab.DeleteAll();
        }
    }
}
