namespace OvnNestApi.Http;

/// <summary>Fixed limits of a request.</summary>
public static class HttpLimits
{
    /// <summary>A body in bytes: 1 MiB.</summary>
    public const int Body = 1024 * 1024;

    /// <summary>The longest that a request may be held.</summary>
    public static readonly TimeSpan Wait = TimeSpan.FromSeconds(60);

    /// <summary>Items of a page at most.</summary>
    public const int Page = 1000;

    /// <summary>Items of a page if not asked.</summary>
    public const int DefaultPage = 100;
}
