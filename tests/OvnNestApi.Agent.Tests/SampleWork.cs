using OvnNestApi.Contracts;

namespace OvnNestApi.Agent.Tests;

/// <summary>Work as the API sends it, for tests.</summary>
internal static class SampleWork
{
    public static Guid Installation { get; } = new("11111111-1111-1111-1111-111111111111");

    public static Guid Vm5 { get; } = new("55555555-0000-0000-0000-000000000005");

    public static Guid C51 { get; } = new("cccccccc-0000-0000-0000-000000000051");

    public static Guid C52 { get; } = new("cccccccc-0000-0000-0000-000000000052");

    /// <summary>vm5 and c51 with DHCP, c52 with a static address.</summary>
    public static HostWork VmWithTwoContainers { get; } =
        Of(Vm(Vm5, "vm5", Container(C51, "c51", 51), Container(C52, "c52", 52, Addressing.Static)));

    public static HostWork Of(params VmWork[] vms) => new("c1", Installation, "h1", "br-int", vms, []);

    public static VmWork Vm(Guid id, string name, params ContainerWork[] containers) =>
        new(id, name, $"digest-{id}", $"dmz-{name}", $"br-{name}", null, Device(name, 1, Addressing.Dhcp), containers);

    public static ContainerWork Container(Guid id, string name, int tag, Addressing addressing = Addressing.Dhcp) =>
        new(id, name, $"digest-{id}", $"dmz-{name}", tag, id, Device(name, tag, addressing));

    public static DeviceWork Device(string name, int number, Addressing addressing) =>
        new(
            name,
            name,
            $"02:ac:10:ff:01:{number % 256:x2}",
            1442,
            addressing,
            addressing is Addressing.Static ? $"10.0.0.{number % 250}/24" : null,
            addressing is Addressing.None ? null : "10.0.0.1",
            addressing is Addressing.Static ? ["10.0.0.2"] : [],
            Workload.Namespace
        );

    public static Removal Removal(Guid id, string name, string bridge) =>
        new(id, name == bridge[3..] ? RemovalKind.Vm : RemovalKind.Container, name, name, name, bridge);

    public static HostWork With(this HostWork work, Guid vm, Func<VmWork, VmWork> change) =>
        work with
        {
            Vms = [.. work.Vms.Select(item => item.Id == vm ? change(item) : item)],
        };

    public static HostWork WithContainer(this HostWork work, Guid id, Func<ContainerWork, ContainerWork> change) =>
        work with
        {
            Vms =
            [
                .. work.Vms.Select(vm => vm with { Containers = [.. vm.Containers.Select(item => item.Id == id ? change(item) : item)] }),
            ],
        };
}
