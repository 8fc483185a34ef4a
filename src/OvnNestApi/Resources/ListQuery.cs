using System.Buffers.Text;
using System.Text.Json;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

/// <summary>Query parameters that the lists of all kinds support.</summary>
/// <param name="Limit">Maximum number of items on the page, 1–1000.</param>
/// <param name="After">End of the previous page; null for the first page.</param>
/// <param name="NamePrefix">Start of the names; null if all names match.</param>
/// <param name="Labels">Required labels; null if all resources match.</param>
/// <param name="Ready">Required value of <c>status.ready</c>; null if both match.</param>
/// <param name="Reason">Required value of <c>status.reason</c>; null if all match.</param>
internal sealed record ListQuery(int Limit, ListCursor? After, string? NamePrefix, LabelSelector? Labels, bool? Ready, Reason? Reason)
{
    /// <summary>True if <see cref="Admits"/> excludes resources, which the database cannot do.</summary>
    public bool FiltersViews => Ready is not null || Reason is not null;

    /// <summary>Reads the parameters. Call <see cref="Check"/> before using them.</summary>
    public static ListQuery Read(Query query) =>
        new(
            query.Number("limit", 1, HttpLimits.Page, HttpLimits.DefaultPage),
            query.Text("cursor") is { } cursor ? ListCursor.Read(cursor) : null,
            query.NamePrefix("name"),
            query.Selector("label"),
            query.Choice("ready"),
            query.Value<Reason>("reason", TryParseReason, "a reason such as HostPending")
        );

    /// <summary>Returns the first problem of the query, also of the kind's own filters; null if there is none.</summary>
    public Problem? Check(Query query)
    {
        if (query.Problem is { } problem)
        {
            return problem;
        }

        return After is null && query.Text("cursor") is not null ? Problem.CursorInvalid() : null;
    }

    /// <summary>Returns true if the condition of the resource matches.</summary>
    public bool Admits(IResourceView view) => (Ready ?? view.IsReady) == view.IsReady && (Reason ?? view.Reason) == view.Reason;

    private static bool TryParseReason(string? text, out Reason reason) => Enum.TryParse(text, out reason) && reason.ToString() == text;
}

/// <summary>Name and id of the last item of a page; the next page starts after it.</summary>
internal sealed record ListCursor(string Name, Guid Id)
{
    private const int MaxText = 512;

    public static ListCursor Of(IResourceView view) => new(view.Name, view.Metadata.Id);

    /// <summary>Reads the form that <see cref="ToString"/> returns; null if the text is not valid.</summary>
    public static ListCursor? Read(string text)
    {
        try
        {
            return
                text.Length <= MaxText
                && JsonSerializer.Deserialize<ListCursor>(Base64Url.DecodeFromChars(text)) is { } cursor
                && ResourceName.IsValid(cursor.Name)
                ? cursor
                : null;
        }
        catch (Exception e) when (e is FormatException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Returns the opaque form that clients send back.</summary>
    public override string ToString() => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(this));
}
