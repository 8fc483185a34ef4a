using Microsoft.Net.Http.Headers;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Http;

/// <summary>
/// The preconditions of a request (RFC 9110 §13), and the ETag they are about: <c>"&lt;id&gt;.&lt;revision&gt;"</c>, what can be written of
/// an object.
/// </summary>
/// <param name="IfMatch">The tags of <c>If-Match</c>; null when it was not sent; empty for what is no list of tags.</param>
/// <param name="CreateOnly"><c>If-None-Match: *</c>.</param>
internal sealed record Conditional(IReadOnlyList<string>? IfMatch, bool CreateOnly)
{
    public static string ETag(Guid id, long revision) => $"\"{id}.{revision}\"";

    public static Conditional Of(HttpRequest request)
    {
        var ifMatch =
            request.Headers.IfMatch.Count == 0 ? null
            : EntityTagHeaderValue.TryParseStrictList(request.Headers.IfMatch, out var tags)
                ? tags.Where(tag => !tag.IsWeak).Select(tag => tag.Tag.ToString()).ToList()
            : [];
        return new(ifMatch, request.Headers.IfNoneMatch.ToString() == "*");
    }

    /// <summary>Null when the preconditions hold for the present object (null: there is none).</summary>
    public Problem? Check(Resource? present)
    {
        if (CreateOnly && present is not null)
        {
            return Problem.PreconditionFailed("If-None-Match: * was sent, and the object exists.");
        }

        if (IfMatch is null || (present is not null && (IfMatch.Contains("*") || IfMatch.Contains(ETag(present.Id, present.Revision)))))
        {
            return null;
        }

        return Problem.PreconditionFailed(
            present is null
                ? "If-Match was sent, and there is no such object."
                : $"If-Match was sent, and the object's ETag is {ETag(present.Id, present.Revision)}."
        );
    }
}
