namespace OvnNestApi.Http;

/// <summary>Names of the authorization policies. Without one of them an endpoint is open to viewers.</summary>
public static class Policies
{
    /// <summary>Viewers, editors and admins.</summary>
    public const string Read = "read";

    /// <summary>Editors and admins.</summary>
    public const string Write = "write";

    /// <summary>Admins.</summary>
    public const string Admin = "admin";

    /// <summary>The agent of the very host that the route's <c>{host}</c> names; an admin may GET.</summary>
    public const string Host = "host";
}
