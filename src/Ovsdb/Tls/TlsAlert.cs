namespace Ovsdb;

/// <summary>
/// The TLS alert of a server that ended a connection (RFC 8446 §6). .NET reports it only as a text of the TLS library in an inner
/// exception.
/// </summary>
internal static class TlsAlert
{
    /// <summary>Returns a message with the alert, or the message of the exception if it contains no alert.</summary>
    public static string Explain(Exception exception)
    {
        for (var e = exception; e is not null; e = e.InnerException)
        {
            // OpenSSL: "error:0A00045C:SSL routines::tlsv13 alert certificate required"
            var at = e.Message.LastIndexOf(" alert ", StringComparison.Ordinal);
            if (at >= 0)
            {
                return $"the server refused the TLS connection: {e.Message[(at + " alert ".Length)..].Trim()}";
            }
        }
        return exception.Message;
    }
}
