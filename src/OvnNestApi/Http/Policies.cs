namespace OvnNestApi.Http;

/// <summary>Names of the authorization policies. An endpoint without a policy requires a viewer.</summary>
public static class Policies
{
    /// <summary>Viewers, editors and admins.</summary>
    public const string Read = "read";

    /// <summary>Editors and admins.</summary>
    public const string Write = "write";

    /// <summary>Admins.</summary>
    public const string Admin = "admin";

    /// <summary>The agent of the host in the URL; an admin for GET and HEAD.</summary>
    public const string Host = "host";
}
