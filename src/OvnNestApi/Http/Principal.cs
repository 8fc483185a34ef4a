using System.Security.Claims;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Sender of a request: a client with an API key, or the agent of a host.</summary>
/// <param name="Id">Id of the API key or of the host credential.</param>
/// <param name="Name">Name of the API key or of the host.</param>
/// <param name="Role">Role of the API key; null for an agent.</param>
/// <param name="HostId">Id of the host of an agent; null for a client.</param>
/// <param name="ExpiresAt">Time when the key expires; null if never.</param>
public sealed record Principal(Guid Id, string Name, Role? Role, Guid? HostId, DateTimeOffset? ExpiresAt)
{
    /// <summary>Name in the change log: "key:&lt;name&gt;" or "host:&lt;name&gt;".</summary>
    public string By => (HostId is null ? "key:" : "host:") + Name;

    /// <summary>Returns the sender of an authenticated request.</summary>
    /// <exception cref="InvalidOperationException">The request is anonymous.</exception>
    public static Principal Of(HttpContext context) =>
        context.Features.Get<Principal>() ?? throw new InvalidOperationException("The request is anonymous.");

    internal ClaimsPrincipal Authenticate(HttpContext context, NestDb db, string scheme)
    {
        context.Features.Set(this);
        db.Actor = new(By, context.TraceIdentifier);
        return new(new ClaimsIdentity([new(ClaimTypes.Name, By)], scheme));
    }
}
