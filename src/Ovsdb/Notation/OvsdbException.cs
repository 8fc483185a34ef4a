namespace Ovsdb;

/// <summary>The server answered a request other than a transaction with an error.</summary>
public sealed class OvsdbException : Exception
{
    /// <summary>With the server's error.</summary>
    public OvsdbException(OvsdbError error)
        : base(error.ToString()) => Error = error;

    /// <summary>With a reason of our own.</summary>
    public OvsdbException(string message)
        : this(new OvsdbError(message, null)) { }

    /// <summary>With a reason of our own and its cause.</summary>
    public OvsdbException(string message, Exception innerException)
        : base(message, innerException) => Error = new OvsdbError(message, null);

    /// <summary>Without a reason.</summary>
    public OvsdbException()
        : this("unspecified") { }

    /// <summary>The error as the server gave it.</summary>
    public OvsdbError Error { get; }
}
