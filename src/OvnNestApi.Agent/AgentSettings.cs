namespace OvnNestApi.Agent;

/// <summary>Where things are on this host.</summary>
/// <param name="State">The folder for the key, notes and DHCP files.</param>
/// <param name="Ovsdb">The endpoint of the host's own Open_vSwitch database.</param>
internal sealed record AgentSettings(string State, string Ovsdb)
{
    public static AgentSettings From(Func<string, string?> environment)
    {
        string Read(string name, string otherwise) => environment(name) is { Length: > 0 } value ? value : otherwise;

        return new AgentSettings(
            Read("NEST_STATE", "/var/lib/ovnnest-agent"),
            Read("NEST_OVSDB", $"unix:{Read("OVS_RUNDIR", "/var/run/openvswitch")}/db.sock")
        );
    }
}
