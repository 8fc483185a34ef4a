using Ovsdb;

namespace OvnNestApi.HostPlanning;

/// <summary>A planned change of the Open_vSwitch database, in terms of bridges and ports.</summary>
internal abstract record OvsChange;

/// <summary>Removes a bridge with all its ports.</summary>
internal sealed record RemoveBridge(OvsBridge Bridge) : OvsChange;

/// <summary>Removes a port.</summary>
internal sealed record RemovePort(OvsBridge Bridge, OvsPort Port) : OvsChange;

/// <summary>Adds a bridge.</summary>
internal sealed record AddBridge(string Name, string DatapathType, OwnerMark Mark) : OvsChange;

/// <summary>Sets the datapath type of a bridge.</summary>
internal sealed record ChangeBridge(OvsBridge Bridge, string DatapathType) : OvsChange;

/// <summary>Adds a port with its interface.</summary>
internal sealed record AddPort(WantedPort Port) : OvsChange;

/// <summary>Sets the columns of a port and its interface that differ from the wanted ones.</summary>
/// <param name="Ops">The updates and mutations of the two rows.</param>
internal sealed record ChangePort(OvsPort Port, WantedPort Wanted, IReadOnlyList<Op> Ops) : OvsChange;
