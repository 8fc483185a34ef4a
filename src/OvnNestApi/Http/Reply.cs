using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using OvnNestApi.Problems;

namespace OvnNestApi.Http;

/// <summary>Response of an endpoint: its result, or a problem. The OpenAPI document describes the result.</summary>
internal class Reply<TResult>(IResult result) : IResult, INestedHttpResult, IEndpointMetadataProvider
    where TResult : IResult
{
    /// <inheritdoc/>
    public IResult Result => result;

    public static implicit operator Reply<TResult>(TResult result) => new(result);

    public static implicit operator Reply<TResult>(Problem problem) => new(new ProblemResult(problem));

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) => result.ExecuteAsync(httpContext);

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        ReplyMetadata.Populate<TResult>(method, builder);
}

/// <summary>Response of an endpoint: one of two results, or a problem.</summary>
internal sealed class Reply<TFirst, TSecond>(IResult result) : IResult, INestedHttpResult, IEndpointMetadataProvider
    where TFirst : IResult
    where TSecond : IResult
{
    /// <inheritdoc/>
    public IResult Result => result;

    public static implicit operator Reply<TFirst, TSecond>(TFirst result) => new(result);

    public static implicit operator Reply<TFirst, TSecond>(TSecond result) => new(result);

    public static implicit operator Reply<TFirst, TSecond>(Problem problem) => new(new ProblemResult(problem));

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext) => result.ExecuteAsync(httpContext);

    static void IEndpointMetadataProvider.PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        ReplyMetadata.Populate<TFirst>(method, builder);
        ReplyMetadata.Populate<TSecond>(method, builder);
    }
}

/// <summary>Copies the metadata of results that provide it to the endpoint.</summary>
file static class ReplyMetadata
{
    private delegate void Populates(MethodInfo method, EndpointBuilder builder);

    public static void Populate<TResult>(MethodInfo method, EndpointBuilder builder)
    {
        if (!typeof(TResult).IsAssignableTo(typeof(IEndpointMetadataProvider)))
        {
            return;
        }

        typeof(ReplyMetadata)
            .GetMethod(nameof(PopulateFrom), BindingFlags.NonPublic | BindingFlags.Static)
            ?.MakeGenericMethod(typeof(TResult))
            .CreateDelegate<Populates>()(method, builder);
    }

    private static void PopulateFrom<TResult>(MethodInfo method, EndpointBuilder builder)
        where TResult : IEndpointMetadataProvider => TResult.PopulateMetadata(method, builder);
}
