namespace Ovsdb;

/// <summary>An update does not match the replica, so the replica must be loaded again.</summary>
internal sealed class OvsdbInconsistencyException(string message) : Exception($"The replica does not match the server: {message}.");
