namespace Ovsdb;

/// <summary>
/// There is no connection, and the request was not sent. For a request that only reads: the connection was lost before the answer was
/// received.
/// </summary>
public sealed class OvsdbNotConnectedException : IOException
{
    /// <summary>Creates an exception without a message.</summary>
    public OvsdbNotConnectedException() { }

    /// <summary>Creates an exception with a message.</summary>
    public OvsdbNotConnectedException(string message)
        : base(message) { }

    /// <summary>Creates an exception with a message and its cause.</summary>
    public OvsdbNotConnectedException(string message, Exception? innerException)
        : base(message, innerException) { }
}
