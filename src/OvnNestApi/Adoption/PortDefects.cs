using OvnNestApi.Http;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>Finds every defect of a port that was made by hand. Pure.</summary>
internal static class PortDefects
{
    private static readonly PortNameAttribute PortNames = new();
    private static readonly HostnameAttribute Hostnames = new();

    public static IReadOnlyList<AdoptionDefect> Of(NorthboundContent nb, SurveyedPort port) =>
        [
            .. OfNames(nb, port),
            .. OfAddress(port),
            .. port.Address.Unsupported is null ? OfUses(nb, port) : [],
            .. OfSecurity(port),
            .. OfSettings(port),
            .. port.ParentName is null ? OfVm(port) : OfParent(port).Concat(OfTag(nb, port)),
        ];

    private static IEnumerable<AdoptionDefect> OfNames(NorthboundContent nb, SurveyedPort port)
    {
        if (!PortNames.IsValid(port.PortName))
        {
            yield return Blocking(
                DefectCode.NameInvalid,
                $"The name of the port '{port.PortName}' is not valid: {PortNames.ErrorMessage}."
            );
        }

        if (port.Name != port.PortName && !port.PortName.EndsWith($"-{port.Name}", StringComparison.Ordinal))
        {
            yield return Mended(DefectCode.NameAdapted, $"{port.Name} is proposed, because {ResourceName.Rule}, and each name once.");
        }

        if (nb.SwitchesOf(port.Row.Uuid).Skip(1).Any())
        {
            var names = string.Join(", ", nb.SwitchesOf(port.Row.Uuid).Select(one => one["name"].AsString()));
            yield return Blocking(
                DefectCode.SwitchSeveral,
                $"The port is on several logical switches: {names}. Remove it from all but one."
            );
        }
    }

    private static IEnumerable<AdoptionDefect> OfAddress(SurveyedPort port)
    {
        var (address, subnet) = (port.Address, port.Switch.Subnet);
        if (address.Unsupported is { } other)
        {
            yield return Blocking(DefectCode.AddressInvalid, $"The address '{other}' is not supported: one MAC and one IPv4 address are.");
        }
        else if (address.Count > 1)
        {
            yield return Blocking(DefectCode.AddressSeveral, $"The port has {address.Count} addresses; one is supported.");
        }
        else if (address.Mac is null)
        {
            yield return Mended(DefectCode.MacMissing, "The port has no MAC address. Add that of its device to the spec.");
        }

        if (address is { Mac: not null, Ip: null } && subnet is not null)
        {
            yield return Mended(
                DefectCode.IpMissing,
                "The port has no IPv4 address, so DHCP does not serve it. It gets one of the subnet."
            );
        }

        if (address.Ip is { } ip && subnet is { } network && !network.IsHost(ip))
        {
            yield return Blocking(DefectCode.AddressOutside, $"{ip} is not a host address of {network}.");
        }
    }

    /// <summary>Addresses that others on the switch have too.</summary>
    private static IEnumerable<AdoptionDefect> OfUses(NorthboundContent nb, SurveyedPort port)
    {
        var (address, logicalSwitch) = (port.Address, port.Switch);
        if (address.Ip is { } ip && (ip == logicalSwitch.Gateway || nb.Count(logicalSwitch.Row, ip.ToString()) > 1))
        {
            var other = ip == logicalSwitch.Gateway ? "the gateway" : "another port";
            yield return Blocking(DefectCode.AddressDuplicate, $"{ip} is also the address of {other} of switch {logicalSwitch.Name}.");
        }

        if (address.Mac is { } mac && nb.Count(logicalSwitch.Row, mac.ToString()) > 1)
        {
            yield return Blocking(DefectCode.MacDuplicate, $"{mac} is also the address of another port of switch {logicalSwitch.Name}.");
        }
    }

    private static IEnumerable<AdoptionDefect> OfSecurity(SurveyedPort port)
    {
        var (address, security) = (port.Address, port.Security);
        var other = security.Unsupported ?? security.Unlimited(address)?.ToString();
        if (other is not null)
        {
            yield return Blocking(DefectCode.PortSecurityOther, $"The port security contains '{other}', which is not supported.");
        }
        else if (!security.Covers(address))
        {
            yield return Blocking(DefectCode.PortSecurityOther, $"The port security differs from the address {address}.");
        }

        var hasOthers = security.Besides(address).Any(one => one.Mac is not null);
        if (address.IsUnknown && !security.IsOff && !hasOthers)
        {
            const string Detail = "The port gets frames for unknown addresses, which its port security rejects. Clear one of the two.";
            yield return Blocking(DefectCode.UnknownUnusable, Detail);
        }

        if (!address.IsUnknown && hasOthers)
        {
            const string Detail = "The port security allows other MAC addresses, whose frames do not reach the port. It gets 'unknown'.";
            yield return Mended(DefectCode.UnknownMissing, Detail);
        }
    }

    private static IEnumerable<AdoptionDefect> OfSettings(SurveyedPort port)
    {
        if (port.Hostname is { } hostname && !Hostnames.IsValid(hostname))
        {
            yield return Blocking(DefectCode.HostnameInvalid, $"The host name '{hostname}' is not valid: {Hostnames.ErrorMessage}.");
        }

        var used = port.Row["dhcpv4_options"].AsOptionalUuid();
        switch (used, port.Switch.Dhcp?.Uuid)
        {
            case (null, { } expected):
                yield return Mended(
                    DefectCode.DhcpMissing,
                    $"The port uses no DHCP options. It gets {expected}, as the others of its switch."
                );
                break;
            case ({ } other, { } expected) when other != expected:
                yield return Blocking(DefectCode.DhcpOther, $"The port uses DHCP options {other}; most of its switch use {expected}.");
                break;
        }
    }

    private static IEnumerable<AdoptionDefect> OfVm(SurveyedPort port)
    {
        if (SurveyedPort.RequestedTag(port.Row) is { } tag)
        {
            yield return Blocking(
                DefectCode.TagWithoutParent,
                $"The port has the tag_request {tag} but no parent. Clear it, or set parent_name."
            );
        }
    }

    private static IEnumerable<AdoptionDefect> OfParent(SurveyedPort port)
    {
        var name = port.ParentName ?? "";
        if (port.Parent is not { } parent)
        {
            yield return Blocking(DefectCode.ParentMissing, $"There is no port {name}.");
            yield break;
        }

        if (!parent["parent_name"].IsEmpty)
        {
            yield return Blocking(DefectCode.ParentNested, $"The parent {name} is nested itself, in {parent["parent_name"].AsString()}.");
        }
        else if (parent["type"].AsString() is { Length: > 0 } type)
        {
            yield return Blocking(DefectCode.ParentUnsuitable, $"The parent {name} has the type {type}; the port of a VM has none.");
        }
        else if (port.Vm is null)
        {
            yield return Blocking(
                DefectCode.ParentUnsuitable,
                $"The parent {name} has the owner mark of a resource that is not stored here."
            );
        }
    }

    private static IEnumerable<AdoptionDefect> OfTag(NorthboundContent nb, SurveyedPort port)
    {
        var (tag, request) = (port.Row["tag"].AsOptionalInteger(), SurveyedPort.RequestedTag(port.Row));
        if (port.Tag is not { } present)
        {
            yield return Mended(DefectCode.TagMissing, "The port has no VLAN tag, so it is not connected. It gets a free one.");
            yield break;
        }

        if (present is < 1 or > 4094)
        {
            yield return Blocking(DefectCode.TagInvalid, $"{present} is not a valid VLAN tag (1-4094).");
        }
        else if (Rivals(nb, port, present) is { Count: > 0 } rivals)
        {
            yield return Blocking(
                DefectCode.TagDuplicate,
                $"Tag {present} of {port.ParentName} is also that of {string.Join(", ", rivals)}; which of them gets the traffic is "
                    + "undefined."
            );
        }

        if (request is null)
        {
            yield return Mended(
                DefectCode.TagWithoutRequest,
                $"The tag {tag} is in column tag, not in tag_request, from which OVN takes it."
            );
        }
        else if (tag is not null && tag != request)
        {
            yield return Blocking(DefectCode.TagNotApplied, $"tag is {tag} but tag_request is {request}: ovn-northd has not applied it.");
        }
    }

    private static List<string> Rivals(NorthboundContent nb, SurveyedPort port, long tag) =>
        [
            .. nb
                .Replica.WithTag(port.ParentName ?? "", (int)tag)
                .Where(row => row.Uuid != port.Row.Uuid)
                .Select(row => row["name"].AsString())
                .Order(StringComparer.Ordinal),
        ];

    private static AdoptionDefect Blocking(DefectCode code, string detail) => new(code, detail, Blocks: true);

    private static AdoptionDefect Mended(DefectCode code, string detail) => new(code, detail, Blocks: false);
}
