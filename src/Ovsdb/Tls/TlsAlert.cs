namespace Ovsdb;

/// <summary>What the other side said when it ended TLS (RFC 8446 §6): .NET has that only in the words of the system's library, some exceptions deep.</summary>
internal static class TlsAlert
{
    /// <summary>A sentence for people; the message of any other exception as it is.</summary>
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
