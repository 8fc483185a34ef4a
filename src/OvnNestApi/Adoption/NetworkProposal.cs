using System.Globalization;
using OvnNestApi.Http;
using OvnNestApi.Networks;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Adoption;

/// <summary>Proposes networks for logical switches with ports that were made by hand. Pure.</summary>
internal static class NetworkProposal
{
    private static readonly LogicalNameAttribute SwitchNames = new();

    /// <param name="claimsSwitch">True to propose a network that takes over the switch and its DHCP options, if nothing is lost.</param>
    public static AdoptionItem Of(Survey survey, SurveyedSwitch found, bool claimsSwitch)
    {
        var obstacle = claimsSwitch ? found.DhcpObstacle() : null;
        var isClaimed = claimsSwitch && obstacle is null;
        return new()
        {
            Kind = "network",
            Name = NameOf(found),
            Row = isClaimed ? found.Row.Uuid : null,
            DhcpRow = isClaimed ? found.Dhcp?.Uuid : null,
            Spec = Proposals.Json(isClaimed ? Claimed(found) : Existing(found)),
            Defects = [.. Defects(survey, found, obstacle)],
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

    private static IEnumerable<AdoptionDefect> Defects(Survey survey, SurveyedSwitch found, string? obstacle)
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

    /// <summary>Returns the name of the network on a switch.</summary>
    public static string NameOf(SurveyedSwitch found) => found.Stored?.Name ?? Survey.Slug(found.Name);

    private static List<Ipv4>? Servers(SurveyedSwitch found) =>
        found.DnsServers.Select(server => Ipv4.TryParse(server, out var address) ? address : default).Where(one => one != default).ToList()
            is { Count: > 0 } servers
            ? servers
            : null;

    private static int? Number(string? text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
