namespace Ovsdb;

/// <summary>An update does not fit the copy: one of the two is wrong, and only a full load tells.</summary>
internal sealed class OvsdbInconsistencyException(string message) : Exception($"The copy does not agree with the server: {message}.");
