namespace Ovsdb;

/// <summary>There is no connection, and the request was not sent; or, for a request that only reads, the connection ended before its answer.</summary>
public sealed class OvsdbNotConnectedException : IOException
{
    /// <summary>Without a reason.</summary>
    public OvsdbNotConnectedException() { }

    /// <summary>With the reason.</summary>
    public OvsdbNotConnectedException(string message)
        : base(message) { }

    /// <summary>With the reason and its cause.</summary>
    public OvsdbNotConnectedException(string message, Exception? innerException)
        : base(message, innerException) { }
}
