using OvnNestApi.Allocation;
using OvnNestApi.Networks;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Ports;

/// <summary>The ports of one kind, VMs or containers, in a write: their names and addresses.</summary>
internal abstract class PortWrite<T, TSpec>(ResourceWrite write, ResourceKind kind) : KindWrite<T, TSpec>(write, kind)
    where T : LogicalPort
    where TSpec : PortSpec, new()
{
    private readonly List<T> _followers = [];

    // Two writes of ports of one VM must not run at the same time: they draw from the same tags.
    protected override string ReferenceLock => "NO KEY UPDATE";

    /// <summary>The networks in the same write.</summary>
    protected NetworkWrite Networks => Write.Part<NetworkWrite>();

    protected override IReadOnlyList<T> Followers() => _followers;

    protected override void SetNames(WriteItem<T, TSpec> item, IReadOnlyList<string> names)
    {
        var (target, network) = (Target(item), item.The<Network>());
        var isMoved = !item.IsNew && target.NetworkId != network.Id;
        PortRules.Apply(target, item.Spec, network, names, isStored: !item.IsNew);
        var pointers = new AddressPointers("#/spec/ip", "#/spec/mac");
        Write.RequestAddresses(
            item,
            new(target, network, item.Spec.Ip, item.Spec.Mac, pointers)
            {
                Predecessor = item.Predecessor,
                IsMoved = isMoved,
                Adopted = item.Adopts?.Row,
            }
        );
    }

    protected override Task AllocateAsync(CancellationToken cancellationToken) => Write.AssignAddressesAsync(cancellationToken);

    /// <summary>Checks the fields that VMs and containers have in common.</summary>
    protected override Task ApplyAsync(CancellationToken cancellationToken)
    {
        foreach (var item in Changing)
        {
            if (PortRules.Check(item.Spec).ToList() is { Count: > 0 } errors)
            {
                item.Fail(Problem.ValidationFailed(errors));
            }
        }

        return Task.CompletedTask;
    }

    public override Task FollowAsync(CancellationToken cancellationToken)
    {
        var ports = Changing.Select(Target).Concat(_followers).Where(port => port.AllowedAddresses.Length > 0);
        return AddressDraw.KeepAllowedAsync(Db, Networks.Known(ports.Select(port => port.NetworkId)), cancellationToken);
    }

    /// <summary>Assigns addresses to the ports of a network that did not have a subnet before.</summary>
    /// <param name="ports">Locked ports of networks with a new subnet.</param>
    protected void FollowNewSubnets(IEnumerable<T> ports)
    {
        var changing = Changing.Select(item => Target(item).Id).ToHashSet();
        foreach (var port in ports.Where(port => !changing.Contains(port.Id)))
        {
            if (Networks.WithNewSubnet.GetValueOrDefault(port.NetworkId) is { Target: { } network } cause)
            {
                var pointers = new AddressPointers("#/spec/subnet", "#/spec/gatewayMac");
                Follow(cause, port, new(port, network, null, port.Mac, pointers));
            }
        }
    }

    /// <summary>Assigns addresses to a port that the write changes because of another resource.</summary>
    protected void Follow(WriteItem cause, T port, AddressRequest request, Func<Problem, Problem>? explain = null)
    {
        _followers.Add(port);
        Write.RequestAddresses(cause, request, explain);
    }
}
