using System.Globalization;
using System.Text.Json;
using OvnNestApi.Containers;
using OvnNestApi.Http;
using OvnNestApi.Networks;
using OvnNestApi.Northbound;
using OvnNestApi.Ports;
using OvnNestApi.Schema;
using OvnNestApi.Vms;

namespace OvnNestApi.Adoption;

/// <summary>Proposes resources for what was made by hand, with everything that the rows have in their specs. Pure.</summary>
/// <param name="claimsSwitches">True to propose networks that take over switches and DHCP options; false if these stay those of others.</param>
internal sealed class Proposals(Survey survey, bool claimsSwitches)
{
    private const int MaxDeviceName = 15;
    private static readonly LogicalNameAttribute SwitchNames = new();

    /// <summary>Returns all proposals by their sort keys, which are unique: networks, then VMs, then containers, each by name.</summary>
    /// <param name="logicalSwitch">Name of the only switch whose ports are proposed; null for all.</param>
    public IEnumerable<(string Key, Func<AdoptionItem> Item)> All(string? logicalSwitch) =>
        survey
            .Switches.Where(one => one.Stored is null && (logicalSwitch ?? one.Name) == one.Name)
            .Select(one => (Key(0, null, one.Name, one.Row.Uuid), (Func<AdoptionItem>)(() => Of(one))))
            .Concat(survey.Ports.Where(port => (logicalSwitch ?? port.Switch.Name) == port.Switch.Name).Select(Entry));

    private (string Key, Func<AdoptionItem> Item) Entry(SurveyedPort port) =>
        port.ParentName is null
            ? (Key(1, null, port.Name, port.Row.Uuid), () => OfVm(port))
            : (Key(2, port.Vm, port.Name, port.Row.Uuid), () => OfContainer(port));

    private static string Key(int rank, string? vm, string name, Guid row) =>
        string.Create(CultureInfo.InvariantCulture, $"{rank} {vm} {name} {row}");

    private AdoptionItem Of(SurveyedSwitch found)
    {
        var obstacle = claimsSwitches ? found.DhcpObstacle() : null;
        var isClaimed = claimsSwitches && obstacle is null;
        return new()
        {
            Kind = "network",
            Name = NameOf(found),
            Row = isClaimed ? found.Row.Uuid : null,
            DhcpRow = isClaimed ? found.Dhcp?.Uuid : null,
            Spec = Json(isClaimed ? Claimed(found) : Existing(found)),
            Defects = [.. Defects(found, obstacle)],
        };
    }

    private static NetworkSpec Existing(SurveyedSwitch found) =>
        new()
        {
            Subnet = found.Subnet,
            Gateway = found.Gateway?.ToString(),
            Switch = new() { Name = found.Name, Existing = true },
            Dhcp = (found.Dhcp, found.Subnet) switch
            {
                ({ } dhcp, not null) => new()
                {
                    OptionsId = dhcp.Uuid,
                    Mtu = Number(found.Option("mtu")),
                    DnsServers = Servers(found),
                },
                (null, not null) => new() { Enabled = false },
                _ => null,
            },
        };

    private static NetworkSpec Claimed(SurveyedSwitch found) =>
        new()
        {
            Subnet = found.Subnet,
            Gateway = found.Gateway?.ToString(),
            GatewayMac = MacAddress.TryParse(found.Option("server_mac"), out var mac) ? mac : null,
            Switch = found.Name == NameOf(found) ? null : new() { Name = found.Name },
            Dhcp = (found.Dhcp, found.Subnet) switch
            {
                (not null, not null) => new()
                {
                    LeaseTime = Number(found.Option("lease_time")),
                    Mtu = Number(found.Option("mtu")),
                    DnsServers = Servers(found),
                    DomainName = found.Option("domain_name")?.Trim('"'),
                },
                (null, not null) => new() { Enabled = false },
                _ => null,
            },
        };

    private IEnumerable<AdoptionDefect> Defects(SurveyedSwitch found, string? obstacle)
    {
        if (survey.Content.Replica.SwitchesNamed(found.Name).Count is > 1 and var count)
        {
            yield return new(DefectCode.SwitchAmbiguous, $"{count} logical switches are named {found.Name}. Rename all but one.", true);
        }

        if (!SwitchNames.IsValid(found.Name))
        {
            yield return new(
                DefectCode.NameInvalid,
                $"The name of the switch '{found.Name}' is not valid: {SwitchNames.ErrorMessage}.",
                true
            );
        }
        else if (NameOf(found) != found.Name)
        {
            yield return new(DefectCode.NameAdapted, $"{NameOf(found)} is proposed, because {ResourceName.Rule}.", false);
        }

        if (found.Subnet is null)
        {
            const string Detail = "The subnet is in no DHCP options and not in other_config:subnet. Add it to the spec.";
            yield return new(DefectCode.SubnetUnknown, Detail, false);
        }

        if (found.DhcpRows > 1)
        {
            yield return new(DefectCode.DhcpSeveral, $"The ports use {found.DhcpRows} different DHCP options; a network has one.", false);
        }

        if (obstacle is not null)
        {
            yield return new(DefectCode.DhcpForeign, $"The DHCP options {found.Dhcp?.Uuid} stay those of others: {obstacle}.", false);
        }
    }

    private AdoptionItem OfVm(SurveyedPort port) =>
        ItemOf(port, "vm", null) with
        {
            Spec = Json(
                WithPort(
                    new VmSpec
                    {
                        Network = NetworkOf(port),
                        Host = port.Row["options"].AsStringMap().GetValueOrDefault("requested-chassis") is { } chassis
                            ? survey.Stored.Hosts.GetValueOrDefault(chassis)
                            : null,
                        Bridge = Device($"br-{port.Name}"),
                    },
                    port
                )
            ),
        };

    private AdoptionItem OfContainer(SurveyedPort port) =>
        ItemOf(port, "container", port.Vm) with
        {
            Spec = Json(WithPort(new ContainerSpec { Network = NetworkOf(port), Vlan = (int?)port.Tag }, port)),
        };

    private AdoptionItem ItemOf(SurveyedPort port, string kind, string? vm) =>
        new()
        {
            Kind = kind,
            Vm = vm,
            Name = port.Name,
            Row = port.Row.Uuid,
            Defects = PortDefects.Of(survey.Content, port),
        };

    private static TSpec WithPort<TSpec>(TSpec spec, SurveyedPort port)
        where TSpec : PortSpec =>
        spec with
        {
            PortName = port.PortName,
            Mac = port.Address.Mac,
            Ip = port.Address.Ip,
            Interface = Device(port.Name),
            Namespace = Device(port.Name),
            Enabled = port.Row["enabled"].AsOptionalBoolean() is false ? false : null,
            PortSecurity = port.Row["port_security"].IsEmpty ? false : null,
        };

    private static string NetworkOf(SurveyedPort port) => port.Switch.Stored?.Name ?? NameOf(port.Switch);

    private static string NameOf(SurveyedSwitch found) => Survey.Slug(found.Name);

    private static string? Device(string name) => name.Length <= MaxDeviceName ? name : null;

    private static List<Ipv4>? Servers(SurveyedSwitch found) =>
        found.DnsServers.Select(server => Ipv4.TryParse(server, out var address) ? address : default).Where(one => one != default).ToList()
            is { Count: > 0 } servers
            ? servers
            : null;

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static JsonElement Json<T>(T spec) => JsonSerializer.SerializeToElement(spec, ApiJson.Options);
}
