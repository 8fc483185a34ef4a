using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// Preconditions of a request (RFC 9110 §13). The ETag of a resource is <c>"&lt;id&gt;.&lt;revision&gt;"</c>: it identifies the version of
/// the writable fields, not of the status.
/// </summary>
/// <param name="IfMatch">Strong tags of <c>If-Match</c>; null if not sent; empty, which matches nothing, if it is not valid.</param>
/// <param name="CreateOnly">True if <c>If-None-Match: *</c> was sent.</param>
internal sealed record Conditional(IReadOnlyList<string>? IfMatch, bool CreateOnly)
{
    /// <summary>No precondition.</summary>
    public static readonly Conditional None = new(null, CreateOnly: false);

    public static string ETag(Guid id, long revision) => $"\"{id}.{revision}\"";

    public static Conditional Of(HttpRequest request)
    {
        return new(StrongTags(request.Headers.IfMatch), request.Headers.IfNoneMatch.ToString() == "*");
    }

    /// <summary>Returns 412 if a precondition is not met, else null.</summary>
    /// <param name="present">The current resource; null if it does not exist.</param>
    public Problem? Check(Resource? present)
    {
        if (CreateOnly && present is not null)
        {
            return Problem.PreconditionFailed("If-None-Match: * was sent, but the resource exists.");
        }

        if (IfMatch is null || (present is not null && (IfMatch.Contains("*") || IfMatch.Contains(ETag(present.Id, present.Revision)))))
        {
            return null;
        }

        return Problem.PreconditionFailed(
            present is null
                ? "If-Match was sent, but the resource does not exist."
                : $"If-Match does not contain the current ETag of the resource, {ETag(present.Id, present.Revision)}."
        );
    }

    private static List<string>? StrongTags(StringValues ifMatch)
    {
        if (ifMatch.Count == 0)
        {
            return null;
        }

        return EntityTagHeaderValue.TryParseStrictList(ifMatch, out var tags)
            ? tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString()).ToList()
            : [];
    }
}
