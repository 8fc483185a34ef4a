using System.Globalization;
using System.Text.Json;
using OvnNestApi.Http;
using OvnNestApi.Ports;

namespace OvnNestApi.Adoption;

/// <summary>Proposes resources for what was made by hand, with everything that the rows have in their specs. Pure.</summary>
/// <param name="claimsSwitches">
/// True to propose networks that take over switches and DHCP options; false if these stay those of others.
/// </param>
internal sealed class Proposals(Survey survey, bool claimsSwitches)
{
    private const int MaxDeviceName = 15;

    /// <summary>Returns all proposals by their sort keys, which are unique: networks, then VMs, then containers, each by name.</summary>
    /// <param name="logicalSwitch">Name of the only switch whose ports are proposed; null for all.</param>
    public IEnumerable<(string Key, Func<AdoptionItem> Item)> All(string? logicalSwitch) =>
        survey
            .Switches.Where(one => one.Stored is null && (logicalSwitch ?? one.Name) == one.Name)
            .Select(one =>
                (Key(0, null, one.Name, one.Row.Uuid), (Func<AdoptionItem>)(() => NetworkProposal.Of(survey, one, claimsSwitches)))
            )
            .Concat(survey.Ports.Where(port => (logicalSwitch ?? port.Switch.Name) == port.Switch.Name).Select(Entry));

    /// <summary>Returns what the items of all ports have in common.</summary>
    public static AdoptionItem ItemOf(Survey survey, SurveyedPort port, string kind, string? vm) =>
        new()
        {
            Kind = kind,
            Vm = vm,
            Name = port.Name,
            Row = port.Row.Uuid,
            Defects = PortDefects.Of(survey.Content, port),
        };

    /// <summary>Adds what the specs of all ports have in common.</summary>
    public static TSpec WithPort<TSpec>(TSpec spec, SurveyedPort port)
        where TSpec : PortSpec =>
        spec with
        {
            PortName = port.PortName,
            Mac = port.Address.Mac,
            Ip = port.Address.Ip,
            Interface = Device(port.Name),
            Namespace = Device(port.Name),
            Enabled = port.Row["enabled"].AsOptionalBoolean() is false ? false : null,
            PortSecurity = port.Security.IsOff ? false : null,
            AllowedAddresses = port.Security.Besides(port.Address).Distinct().ToList() is { Count: > 0 } allowed ? allowed : null,
            UnknownAddresses = port.Address.IsUnknown && port.Security.IsOff ? true : null,
            Hostname = port.Hostname,
        };

    /// <summary>Returns the name of a device, bridge or namespace; null if it is too long for one.</summary>
    public static string? Device(string name) => name.Length <= MaxDeviceName ? name : null;

    public static JsonElement Json<T>(T spec) => JsonSerializer.SerializeToElement(spec, ApiJson.Options);

    private (string Key, Func<AdoptionItem> Item) Entry(SurveyedPort port) =>
        port.ParentName is null
            ? (Key(1, null, port.Name, port.Row.Uuid), () => VmProposal.Of(survey, port))
            : (Key(2, port.Vm, port.Name, port.Row.Uuid), () => ContainerProposal.Of(survey, port));

    private static string Key(int rank, string? vm, string name, Guid row) =>
        string.Create(CultureInfo.InvariantCulture, $"{rank} {vm} {name} {row}");
}
