namespace OvnNestApi.Http;

/// <summary>Link from one page of a list to the next.</summary>
internal static class Paging
{
    /// <summary>
    /// Adds <c>Link: …; rel="next"</c> (RFC 8288): the URL of the request with the cursor of the next page. The last page has none.
    /// </summary>
    public static void Link(HttpContext context, string? next)
    {
        if (next is null)
        {
            return;
        }

        var query = context
            .Request.Query.Where(parameter => parameter.Key != "cursor")
            .Select(parameter => KeyValuePair.Create(parameter.Key, (string?)parameter.Value.ToString()));
        var url = context.Request.Path.ToUriComponent() + QueryString.Create(query.Append(new("cursor", next))).ToUriComponent();
        context.Response.Headers.Link = $"<{url}>; rel=\"next\"";
    }
}
