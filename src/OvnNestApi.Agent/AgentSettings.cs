namespace OvnNestApi.Agent;

/// <summary>Paths on the machine where the agent runs.</summary>
/// <param name="StateFolder">Folder for the key, namespace records and DHCP files, from <c>NEST_STATE</c>.</param>
/// <param name="OvsdbEndpoint">Endpoint of the local Open_vSwitch database, from <c>NEST_OVSDB</c> or <c>OVS_RUNDIR</c>.</param>
internal sealed record AgentSettings(string StateFolder, string OvsdbEndpoint)
{
    public static AgentSettings From(Func<string, string?> environment)
    {
        string Read(string name, string defaultValue) => environment(name) is { Length: > 0 } value ? value : defaultValue;

        return new AgentSettings(
            Read("NEST_STATE", "/var/lib/ovnnest-agent"),
            Read("NEST_OVSDB", $"unix:{Read("OVS_RUNDIR", "/var/run/openvswitch")}/db.sock")
        );
    }
}
