namespace OvnNestApi.Http;

/// <summary>The way from one page of a list to the next.</summary>
internal static class Paging
{
    /// <summary><c>Link: …; rel="next"</c> (RFC 8288), the request's own URL with another cursor; nothing on the last page.</summary>
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
