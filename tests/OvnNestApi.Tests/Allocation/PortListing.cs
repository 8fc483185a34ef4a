using OvnNestApi.Allocation;
using OvnNestApi.Schema;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Ports without rows, for tests that call the allocation of addresses directly.</summary>
internal static class PortListing
{
    public static MacPrefix MacPrefix { get; } = Prefix("02");

    public static MacPrefix Prefix(string text) => MacPrefix.TryParse(text, out var prefix) ? prefix : throw new ArgumentException(text);

    public static Container Port(Network network, Guid? vm = null, string? name = null)
    {
        var id = Guid.NewGuid();
        return new()
        {
            Id = id,
            Name = name ?? $"c-{id:N}",
            VmId = vm ?? Guid.NewGuid(),
            Spec = "{}",
            NetworkId = network.Id,
            Tag = 0,
            Mac = default,
            PortName = "",
            Interface = "",
            Namespace = "",
        };
    }

    public static AddressRequest Requesting(Container port, Network network, Ipv4? ip, MacAddress? mac) =>
        new(port, network, ip, mac, new("#/spec/ip", "#/spec/mac"));
}
