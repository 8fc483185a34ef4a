using System.Xml.Linq;
using OvnNestApi.Schema;
using static OvnNestApi.VlanLeases.SvgShapes;

namespace OvnNestApi.VlanLeases;

/// <summary>
/// Draws a <see cref="VlanMap"/> as an SVG document without scripts or external files. Each row of the grid has 100 tags, so row and column
/// give the tag. Each state has its own shape and a colour of the palette of Okabe and Ito, which colour-blind readers can distinguish. The
/// list below the grid names the container or owner of each leased tag. The colours follow the reader's light or dark theme.
/// </summary>
internal static class VlanMapDrawing
{
    private const int Cell = 9,
        Pitch = 10,
        Gap = 4;
    private const int Left = 52,
        Width = Left + (100 * Pitch) + (9 * Gap) + 24;
    private const int Top = 118,
        GridHeight = (41 * Pitch) + (4 * Gap);
    private const int Columns = 5,
        ColumnWidth = 206,
        LineHeight = 15,
        LongestName = 22;

    private static readonly (string Id, string Meaning)[] States =
    [
        ("bound", "bound to a container"),
        ("reserved", "reserved for an owner"),
        ("draining", "released, but a host may still use it"),
        ("cooling", "free after the cool-down"),
        ("foreign", "used by others"),
        ("free", "free"),
        ("outside", "not in the ranges"),
    ];

    /// <summary>Returns the drawing as an SVG document.</summary>
    public static string Of(VlanMap map)
    {
        var used = map.Tags.ToDictionary(tag => tag.Tag);
        var ranges = VlanRanges.Parse(map.Ranges);
        var directory = Directory(map.Tags).ToList();
        var height = Top + GridHeight + 30 + (directory.Count == 0 ? 0 : directory.Max(line => line.Bottom) + 16);
        return new XElement(
            Svg + "svg",
            new XAttribute("viewBox", Invariant($"0 0 {Width} {height}")),
            new XAttribute("width", Width),
            new XAttribute("height", height),
            new XAttribute("class", "vlan-map"),
            new XAttribute("role", "img"),
            new XAttribute("aria-labelledby", "vlan-map-title vlan-map-desc"),
            new XElement(Svg + "title", new XAttribute("id", "vlan-map-title"), $"VLAN tags of {map.Vm}"),
            new XElement(Svg + "desc", new XAttribute("id", "vlan-map-desc"), Description(map)),
            new XElement(Svg + "style", VlanMapStyle.Css),
            new XElement(
                Svg + "defs",
                States.Select(state => new XElement(Svg + "g", new XAttribute("id", state.Id), Shape(state.Id))),
                Runs("free"),
                Runs("outside")
            ),
            Rectangle(0, 0, Width, height, "var(--paper)"),
            Text(Left, 36, "heading", $"VLAN tags of {map.Vm}"),
            Text(Left, 58, "words faint", Summary(map)),
            Legend(map, 4094 - ranges.Count - map.Tags.Count(tag => !ranges.Contains(tag.Tag))),
            Rulers(),
            Cells(used, ranges),
            ranges.Ranges.Select(range => Outline(range.Low, range.High)),
            new XElement(
                Svg + "g",
                new XAttribute("class", "directory"),
                new XAttribute("transform", Invariant($"translate(0 {Top + GridHeight + 30})")),
                directory.Select(line => line.Drawn)
            )
        ).ToString(SaveOptions.DisableFormatting);
    }

    private static string Summary(VlanMap map)
    {
        var ranges = map.Ranges.Replace("-", "–", StringComparison.Ordinal).Replace(",", ", ", StringComparison.Ordinal);
        return $"ranges {(ranges.Length > 130 ? ranges[..129] + "…" : ranges)}";
    }

    private static string Description(VlanMap map) =>
        $"Of the tags {map.Ranges}: {string.Join(", ", map.Counts.Select(count => Invariant($"{count.Value} {count.Key}")))}.";

    /// <summary>Returns the cell of a state. The shapes differ, so that the states can be distinguished without colour.</summary>
    private static IEnumerable<XElement> Shape(string state) =>
        state switch
        {
            "bound" => [Box(Cell, "var(--bound)")],
            "reserved" => [Box(Cell, "var(--reserved-fill)", "var(--reserved)"), Line("M1 6L6 1M3 8L8 3", "var(--reserved)")],
            "draining" =>
            [
                Box(Cell, "none", "var(--draining)"),
                new(Svg + "path", new XAttribute("d", "M1 4.5h7V8H1z"), new XAttribute("fill", "var(--draining)")),
            ],
            "cooling" => [Box(Cell, "none", "var(--cooling)"), Dot(1.5, "var(--cooling)")],
            "foreign" => [Box(Cell, "none", "var(--foreign)"), Line("M1 1L8 8M1 8L8 1", "var(--foreign)")],
            "free" => [Box(Cell, "var(--free)")],
            _ => [Dot(1, "var(--line)")],
        };

    /// <summary>Returns a pattern of 100 cells of one state. It fills the rectangle that stands for adjacent tags of that state.</summary>
    private static XElement Runs(string state) =>
        new(
            Svg + "pattern",
            new XAttribute("id", $"{state}-run"),
            new XAttribute("patternUnits", "userSpaceOnUse"),
            new XAttribute("x", Left),
            new XAttribute("y", Top),
            new XAttribute("width", (10 * Pitch) + Gap),
            new XAttribute("height", (10 * Pitch) + Gap),
            Enumerable.Range(0, 100).Select(i => Use(state, i % 10 * Pitch, i / 10 * Pitch))
        );

    private static XElement Legend(VlanMap map, int outside)
    {
        var legend = new XElement(Svg + "g", new XAttribute("class", "legend"));
        var x = Left;
        foreach (var (id, meaning) in States)
        {
            var count = id == "outside" ? outside : map.Counts[id];
            var words = id is "free" or "outside" ? meaning : id;
            legend.Add(
                new XElement(
                    Svg + "g",
                    new XElement(Svg + "title", meaning),
                    new XElement(
                        Svg + "use",
                        new XAttribute("href", $"#{id}"),
                        new XAttribute("transform", Invariant($"translate({x} 72) scale(1.4)"))
                    ),
                    new XElement(
                        Svg + "text",
                        new XAttribute("x", x + 19),
                        new XAttribute("y", 83),
                        new XAttribute("class", "words"),
                        new XElement(Svg + "tspan", words + " "),
                        new XElement(Svg + "tspan", new XAttribute("class", "count"), Invariant($"{count:N0}"))
                    )
                )
            );
            x += 46 + (8 * (words.Length + Invariant($"{count:N0}").Length));
        }

        return legend;
    }

    private static XElement Rulers() =>
        new(
            Svg + "g",
            new XAttribute("class", "rulers"),
            Enumerable.Range(0, 10).Select(ten => Text(X(ten * 10), Top - 7, "ruler", Invariant($"{ten}0"))),
            Enumerable
                .Range(0, 41)
                .Select(hundred => Text(Left - 9, Y(hundred * 100) + 8, "ruler", Invariant($"{hundred * 100}"), isAtEnd: true))
        );

    private static XElement Cells(Dictionary<int, VlanMapEntry> used, VlanRanges ranges)
    {
        var cells = new XElement(Svg + "g", new XAttribute("class", "cells"));
        for (var tag = VlanRanges.Lowest; tag <= VlanRanges.Highest; tag++)
        {
            if (used.TryGetValue(tag, out var entry))
            {
                var cell = Use(Reservations.StateName(entry.State), X(tag), Y(tag));
                cell.Add(new XElement(Svg + "title", Sentence(entry)));
                cells.Add(cell);
                continue;
            }

            var (first, isFree) = (tag, ranges.Contains(tag));
            while (tag < VlanRanges.Highest && (tag + 1) % 100 != 0 && !used.ContainsKey(tag + 1) && ranges.Contains(tag + 1) == isFree)
            {
                tag++;
            }

            var state = isFree ? "free" : "outside";
            var run = Rectangle(X(first), Y(first), X(tag) - X(first) + Cell, Cell, $"url(#{state}-run)");
            run.Add(new XElement(Svg + "title", tag == first ? Invariant($"{tag} {state}") : Invariant($"{first}–{tag} {state}")));
            cells.Add(run);
        }

        return cells;
    }

    /// <summary>
    /// Returns the outline of a range: a rectangle, two rectangles that do not touch, or a shape with steps at its first and last row.
    /// </summary>
    private static IEnumerable<XElement> Outline(int low, int high)
    {
        var (firstRow, lastRow) = (low / 100, high / 100);
        var (left, right, up, down) = (X(low) - 2, X(high) + Cell + 2, Y(low) - 2, Y(high) + Cell + 2);
        var (begin, end) = (X(0) - 2, X(99) + Cell + 2);
        if (firstRow == lastRow)
        {
            return [Line(Invariant($"M{left} {up}H{right}V{down}H{left}z"), "var(--faint)")];
        }

        if (lastRow == firstRow + 1 && right < left)
        {
            return
            [
                Line(Invariant($"M{left} {up}H{end}V{Y(low) + Cell + 2}H{left}z"), "var(--faint)"),
                Line(Invariant($"M{begin} {Y(high) - 2}H{right}V{down}H{begin}z"), "var(--faint)"),
            ];
        }

        var (under, over) = (Y((firstRow + 1) * 100) - 2, Y((lastRow - 1) * 100) + Cell + 2);
        var head = low % 100 == 0 ? Invariant($"M{begin} {up}") : Invariant($"M{begin} {under}H{left}V{up}");
        var tail = high % 100 == 99 ? Invariant($"V{down}") : Invariant($"V{over}H{right}V{down}");
        return [Line($"{head}H{end}{tail}H{begin}z", "var(--faint)")];
    }

    /// <summary>Returns the list of the leased tags, one group per row of the grid, with the vertical end of each entry.</summary>
    private static IEnumerable<(XElement[] Drawn, int Bottom)> Directory(IReadOnlyList<VlanMapEntry> tags)
    {
        var y = 0;
        foreach (var hundred in tags.GroupBy(tag => tag.Tag / 100))
        {
            yield return ([Text(Left - 9, y + 8, "ruler", Invariant($"{hundred.Key * 100}"), isAtEnd: true)], y);
            var lines = (hundred.Count() + Columns - 1) / Columns;
            foreach (var (i, entry) in hundred.Index())
            {
                var (x, line) = (Left + (i / lines * ColumnWidth), y + (i % lines * LineHeight));
                var name = Name(entry);
                var label = Text(
                    x + 15,
                    line + 8,
                    null,
                    new XElement(Svg + "tspan", Invariant($"{entry.Tag} ")),
                    name.Length > LongestName ? name[..(LongestName - 1)] + "…" : name
                );
                yield return ([Use(Reservations.StateName(entry.State), x, line), label], line + LineHeight);
            }

            y += (lines * LineHeight) + 6;
        }
    }

    private static string Name(VlanMapEntry entry) => entry.Container ?? entry.Owner ?? "others";

    private static string Sentence(VlanMapEntry entry)
    {
        var owner = entry is { Container: not null, Owner: not null } ? $" (lease {entry.Owner})" : "";
        var verb = entry.State == LeaseState.Foreign ? "used by" : "waits for";
        var waits = entry.WaitingFor.Count == 0 ? "" : $"; {verb} {string.Join(", ", entry.WaitingFor)}";
        var since = $"since {entry.Since.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z";
        return $"{entry.Tag} {Reservations.StateName(entry.State)}: {Name(entry)}{owner}, {since}{waits}";
    }

    private static int X(int tag) => Left + (tag % 100 * Pitch) + (tag % 100 / 10 * Gap);

    private static int Y(int tag) => Top + (tag / 100 * Pitch) + (tag / 1000 * Gap);
}
