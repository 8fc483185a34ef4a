using System.Globalization;
using System.Xml.Linq;

namespace OvnNestApi.VlanLeases;

/// <summary>Elements of an SVG drawing.</summary>
internal static class SvgShapes
{
    public static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    /// <summary>Returns a copy of the shape with this id, at this position.</summary>
    public static XElement Use(string id, int x, int y) =>
        new(Svg + "use", new XAttribute("href", $"#{id}"), new XAttribute("x", x), new XAttribute("y", y));

    /// <summary>Returns a filled square with rounded corners, at the origin.</summary>
    public static XElement Box(int size, string fill) =>
        new(
            Svg + "rect",
            new XAttribute("width", size),
            new XAttribute("height", size),
            new XAttribute("rx", 2),
            new XAttribute("fill", fill)
        );

    /// <summary>Returns a square with rounded corners and a line around it, at the origin.</summary>
    public static XElement Box(int size, string fill, string stroke) =>
        new(
            Svg + "rect",
            new XAttribute("x", 0.5),
            new XAttribute("y", 0.5),
            new XAttribute("width", size - 1),
            new XAttribute("height", size - 1),
            new XAttribute("rx", 1.5),
            new XAttribute("fill", fill),
            new XAttribute("stroke", stroke)
        );

    /// <summary>Returns a dot in the middle of a box of 9 units.</summary>
    public static XElement Dot(double radius, string fill) =>
        new(
            Svg + "circle",
            new XAttribute("cx", 4.5),
            new XAttribute("cy", 4.5),
            new XAttribute("r", radius),
            new XAttribute("fill", fill)
        );

    public static XElement Rectangle(int x, int y, int width, int height, string fill) =>
        new(
            Svg + "rect",
            new XAttribute("x", x),
            new XAttribute("y", y),
            new XAttribute("width", width),
            new XAttribute("height", height),
            new XAttribute("fill", fill)
        );

    public static XElement Line(string path, string stroke) =>
        new(Svg + "path", new XAttribute("d", path), new XAttribute("fill", "none"), new XAttribute("stroke", stroke));

    public static XElement Text(int x, int y, string? style, params object[] content) => Text(x, y, style, content, false);

    public static XElement Text(int x, int y, string? style, object content, bool isAtEnd) =>
        new(
            Svg + "text",
            new XAttribute("x", x),
            new XAttribute("y", y),
            style is null ? null : new XAttribute("class", style),
            isAtEnd ? new XAttribute("text-anchor", "end") : null,
            content
        );

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
