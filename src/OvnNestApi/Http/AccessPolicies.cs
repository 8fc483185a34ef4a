using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>Authorization policies. An endpoint without a policy, and a URL without an endpoint, requires a viewer.</summary>
internal static class AccessPolicies
{
    public static IServiceCollection AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<KeyLookup>();
        services
            .AddAuthentication(KeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, KeyAuthentication>(KeyAuthentication.SchemeName, null);
        services
            .AddAuthorizationBuilder()
            .AddPolicy(Policies.Read, AtLeast(Role.Viewer))
            .AddPolicy(Policies.Write, AtLeast(Role.Editor))
            .AddPolicy(Policies.Admin, AtLeast(Role.Admin))
            .AddPolicy(Policies.Host, policy =>
                policy
                    .RequireAuthenticatedUser()
                    .RequireAssertion(context => context.Resource is HttpContext request && IsAgentOfHost(request))
            )
            .SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(Allows(Role.Viewer)).Build());
        return services;
    }

    private static Action<AuthorizationPolicyBuilder> AtLeast(Role role) =>
        policy => policy.RequireAuthenticatedUser().RequireAssertion(Allows(role));

    private static Func<AuthorizationHandlerContext, bool> Allows(Role role) =>
        context => context.Resource is HttpContext request && request.Features.Get<Principal>() is { Role: { } has } && has >= role;

    private static bool IsAgentOfHost(HttpContext request) =>
        request.Features.Get<Principal>() switch
        {
            { HostId: not null } agent => request.GetRouteValue("host") is string host && host == agent.Name,
            { Role: Role.Admin } => HttpMethods.IsGet(request.Request.Method) || HttpMethods.IsHead(request.Request.Method),
            _ => false,
        };
}
