using CsCheck;
using OvnNestApi.Contracts;
using static OvnNestApi.Agent.Tests.SampleWork;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Random VM of a stage: which incarnation of its name, and its settings.</summary>
internal sealed record RandomVm(int Name, int Incarnation, Workload Workload, RandomContainer[] Containers);

/// <summary>Random container of a VM: which incarnation of its name, and its settings.</summary>
internal sealed record RandomContainer(int Name, int Incarnation, int Tag, Addressing Addressing, Workload Workload);

/// <summary>One stage of a host's history: the work, whether it lists removals, and what is damaged before it is applied.</summary>
internal sealed record Stage(RandomVm[] Vms, bool HasRemovals, Damage[] Damages);

/// <summary>Generates histories of a host and the work of each stage.</summary>
internal static class RandomHistory
{
    private static readonly string[] Names = ["a", "b", "c"];

    private static readonly Gen<RandomContainer> AnyContainer = Gen.Select(
        Gen.Int[0, 2],
        Gen.Int[0, 1],
        Gen.Int[51, 55],
        Gen.Enum<Addressing>(),
        Gen.Frequency((6, Gen.Const(Workload.Namespace)), (1, Gen.Const(Workload.Port)), (1, Gen.Const(Workload.None))),
        (name, incarnation, tag, addressing, workload) => new RandomContainer(name, incarnation, tag, addressing, workload)
    );

    private static readonly Gen<RandomVm> AnyVm = Gen.Select(
        Gen.Int[0, 1],
        Gen.Int[0, 1],
        Gen.Frequency((6, Gen.Const(Workload.Namespace)), (1, Gen.Const(Workload.None))),
        AnyContainer.Array[0, 4],
        (name, incarnation, workload, containers) =>
            new RandomVm(
                name,
                incarnation,
                workload,
                [.. containers.DistinctBy(container => container.Name).DistinctBy(container => container.Tag)]
            )
    );

    private static readonly Gen<Stage> AnyStage = Gen.Select(
        AnyVm.Array[0, 2],
        Gen.Frequency((4, Gen.Const(true)), (1, Gen.Const(false))),
        Gen.Select(Gen.Int[0, Damage.Kinds - 1], Gen.Int[0, 5], (kind, which) => new Damage(kind, which)).Array[0, 4],
        (vms, hasRemovals, damages) => new Stage([.. vms.DistinctBy(vm => vm.Name)], hasRemovals, damages)
    );

    /// <summary>Generator of one to four stages.</summary>
    public static Gen<Stage[]> Any { get; } = AnyStage.Array[1, 4];

    /// <summary>Returns the work of a stage, without removals.</summary>
    public static HostWork WorkOf(Stage stage) =>
        Of([
            .. stage.Vms.Select(random =>
            {
                var vm = Vm(
                    Id(1, random.Name, random.Incarnation, 0),
                    Names[random.Name],
                    [.. random.Containers.Select(container => WorkOf(random, container))]
                );
                return vm with { Device = vm.Device with { Workload = random.Workload } };
            }),
        ]);

    /// <summary>Returns the ids of all VMs and containers that the work wants.</summary>
    public static HashSet<Guid> WantedIds(HostWork work) =>
        [.. work.Vms.SelectMany(vm => vm.Containers.Select(container => container.Id).Prepend(vm.Id))];

    /// <summary>Adds a removal for every resource of the work to those of earlier stages.</summary>
    public static void AddRemovals(Dictionary<Guid, Removal> removals, HostWork work)
    {
        foreach (var vm in work.Vms)
        {
            removals[vm.Id] = Removal(vm.Id, vm.Name, vm.Bridge);
            foreach (var container in vm.Containers)
            {
                removals[container.Id] = Removal(container.Id, container.Name, vm.Bridge);
            }
        }
    }

    private static ContainerWork WorkOf(RandomVm vm, RandomContainer random)
    {
        var container = Container(
            Id(2, vm.Name, vm.Incarnation, 1 + random.Name + (10 * random.Incarnation)),
            $"{Names[vm.Name]}-{Names[random.Name]}",
            random.Tag,
            random.Addressing
        );
        return container with { Device = container.Device with { Workload = random.Workload } };
    }

    private static Guid Id(int kind, int vm, int incarnation, int container) =>
        new(kind, (short)vm, (short)incarnation, [0, 0, 0, 0, 0, 0, 0, (byte)container]);
}
