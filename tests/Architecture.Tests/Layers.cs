namespace Architecture.Tests;

/// <summary>The layers of each project. A folder may use the folders listed before it, and no others.</summary>
internal static class Layers
{
    public static readonly IReadOnlyDictionary<string, string[]> Of = new Dictionary<string, string[]>
    {
        ["src/OvnNestApi"] =
        [
            // What is stored, and what can be wrong.
            "Schema",
            "Problems",
            // Access to PostgreSQL.
            "Data",
            // Pure rules, and the protocols.
            "Allocation",
            "Work",
            "Conditions",
            "Northbound",
            "Http",
            "Telemetry",
            // Placements on hosts, the reconciler, its plans, the engine of resources.
            "Placements",
            "Reconciling",
            "Plans",
            "Resources",
            // One folder for each noun of the API.
            "Networks",
            "Routers",
            "Ports",
            "Hosts",
            "Vms",
            "Containers",
            "VlanLeases",
            "Checks",
            "ApiKeys",
            "Changes",
            "Manifests",
            "Adoption",
            "Service",
            "OpenApi",
            "Agents",
            // Program.cs lists the parts.
            FolderGraph.Root,
        ],
        ["src/OvnNestApi.HostPlanning"] = ["Commands", FolderGraph.Root],
        ["src/OvnNestApi.Agent"] = ["State", "Local", "ControlPlane", "Checks", FolderGraph.Root],
        ["src/Ovsdb"] =
        [
            "Collections",
            "Notation",
            "Codec",
            "Operations",
            "Telemetry",
            "Tls",
            "Wire",
            "Connections",
            "Replica",
            "Sessions",
            "Locks",
            FolderGraph.Root,
        ],
    };
}
