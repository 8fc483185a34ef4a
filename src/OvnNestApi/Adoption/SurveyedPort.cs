using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>The port of a VM or container that was made by hand. Pure.</summary>
internal sealed class SurveyedPort(NorthboundContent nb, Row row, SurveyedSwitch logicalSwitch)
{
    public Row Row => row;

    public SurveyedSwitch Switch => logicalSwitch;

    public string PortName { get; } = row["name"].AsString();

    /// <summary>Name of the parent port; null for the port of a VM.</summary>
    public string? ParentName { get; } = row["parent_name"].AsOptionalString();

    public PortAddress Address { get; } = PortAddress.Parse(row["addresses"]);

    public PortSecurity Security { get; } = PortSecurity.Parse(row["port_security"]);

    /// <summary>Host name that DHCP sends; null if there is none.</summary>
    public string? Hostname { get; } = row["options"].AsStringMap().GetValueOrDefault("hostname")?.Trim('"');

    /// <summary>The VLAN tag: <c>tag</c>, or <c>tag_request</c> as long as ovn-northd has not set it. Null if there is none.</summary>
    public long? Tag { get; } = row["tag"].AsOptionalInteger() ?? RequestedTag(row);

    /// <summary>Name that the resource gets.</summary>
    public string Name { get; set; } = "";

    /// <summary>Name of the VM, for a container; null if the parent cannot be a VM, and for a VM.</summary>
    public string? Vm { get; set; }

    /// <summary>The parent; null if there is no such port.</summary>
    public Row? Parent => ParentName is null ? null : nb.Port(ParentName);

    /// <summary>The value of <c>tag_request</c>; 0 asks ovn-northd to choose, and counts as none.</summary>
    public static long? RequestedTag(Row row) => row["tag_request"].AsOptionalInteger() is { } tag and not 0 ? tag : null;
}
