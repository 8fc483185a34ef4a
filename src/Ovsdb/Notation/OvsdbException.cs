namespace Ovsdb;

/// <summary>A server rejected a request. Rejected transactions do not throw this: they return <c>Rejected</c>.</summary>
public sealed class OvsdbException : Exception
{
    /// <summary>Creates an exception with the server's error.</summary>
    public OvsdbException(OvsdbError error)
        : base(error.ToString()) => Error = error;

    /// <summary>Creates an exception with a message.</summary>
    public OvsdbException(string message)
        : this(new OvsdbError(message, null)) { }

    /// <summary>Creates an exception with a message and its cause.</summary>
    public OvsdbException(string message, Exception innerException)
        : base(message, innerException) => Error = new OvsdbError(message, null);

    /// <summary>Creates an exception without a message.</summary>
    public OvsdbException()
        : this("unspecified") { }

    /// <summary>The error that the server returned.</summary>
    public OvsdbError Error { get; }
}
