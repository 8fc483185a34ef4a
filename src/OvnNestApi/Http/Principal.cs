using System.Security.Claims;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Who sends a request: a client's key, or the agent of a host.</summary>
/// <param name="Id">The key's or credential's id.</param>
/// <param name="Name">The key's or host's name.</param>
/// <param name="Role">What a client's key may do; null for an agent.</param>
/// <param name="HostId">The host that an agent speaks for; null for a client.</param>
/// <param name="ExpiresAt">When the key stops working; null: never.</param>
public sealed record Principal(Guid Id, string Name, Role? Role, Guid? HostId, DateTimeOffset? ExpiresAt)
{
    /// <summary>As the change log names it.</summary>
    public string By => (HostId is null ? "key:" : "host:") + Name;

    /// <summary>The sender of an authenticated request.</summary>
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
