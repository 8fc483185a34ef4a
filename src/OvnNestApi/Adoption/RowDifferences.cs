using System.Globalization;
using OvnNestApi.Northbound;
using OvnNestApi.Problems;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>
/// Compares a row that was made by hand with the row that a resource will want. What the row lacks can be added; what it has must be equal.
/// Pure.
/// </summary>
internal static class RowDifferences
{
    /// <summary>Returns what adoption would change, with pointers into the resource.</summary>
    /// <param name="switches">The logical switches that have the port; empty for a row of another table.</param>
    public static IEnumerable<FieldError> Of(WantedRow wanted, Row actual, IReadOnlyList<Row> switches)
    {
        foreach (var (column, value) in wanted.Columns)
        {
            if (!IsKept(column, value, actual))
            {
                yield return new(Pointer(wanted.Ref.Table, column), $"the row has {column} {Text(actual, column)}, not {Text(value)}");
            }
        }

        if (wanted.Parent is { } parent && !switches.Select(one => one.Uuid).SequenceEqual([parent.Uuid]))
        {
            var names = string.Join(", ", switches.Select(one => one["name"].AsString()));
            yield return new("#/spec/network", $"the port is on logical switch {names}, which is not that of the network");
        }

        var options = actual["options"].AsStringMap();
        foreach (var (key, value) in wanted.Keys.Where(keys => keys.Column == "options").SelectMany(keys => keys.Pairs))
        {
            if (options.TryGetValue(key, out var present) && present.Trim('"') != value?.Trim('"'))
            {
                yield return new(Pointer(wanted.Ref.Table, key), $"the row has {key} {present}, not {value ?? "(none)"}");
            }
        }
    }

    private static bool IsKept(string column, OvsdbValue wanted, Row actual)
    {
        var value = actual[column];
        return column switch
        {
            _ when value == wanted => true,
            "addresses" => PortAddress.Parse(value).CanBecome(PortAddress.Parse(wanted)),
            "port_security" => PortSecurity.Parse(value).CanBecome(PortSecurity.Parse(wanted)),
            "enabled" => value.IsEmpty && wanted == true,
            "dhcpv4_options" => value.IsEmpty,
            "tag_request" => IsTagKept(wanted, actual),
            "options" => Pairs(value).All(pair => Pairs(wanted).GetValueOrDefault(pair.Key) == pair.Value),
            _ => false,
        };
    }

    private static bool IsTagKept(OvsdbValue wanted, Row actual) =>
        actual["tag"].IsEmpty ? SurveyedPort.RequestedTag(actual) is null : actual["tag"] == wanted && !wanted.IsEmpty;

    // DHCP options in one spelling: "{1.1.1.1}" and "1.1.1.1" mean the same.
    private static Dictionary<string, string> Pairs(OvsdbValue options) =>
        options
            .AsStringMap()
            .ToDictionary(
                pair => pair.Key,
                pair => pair.Value.Replace(" ", "", StringComparison.Ordinal).Trim('{', '}', '"').ToLowerInvariant()
            );

    private static string Pointer(string table, string column) =>
        (table, column) switch
        {
            (Tables.Switch, "name") => "#/spec/switch",
            (Tables.Dhcp, "cidr") => "#/spec/subnet",
            (Tables.Dhcp, _) => "#/spec/dhcp",
            (_, "name") => "#/spec/portName",
            (_, "addresses") => "#/spec/ip",
            (_, "port_security") => "#/spec/portSecurity",
            (_, "requested-chassis") => "#/spec/host",
            (_, "hostname") => "#/spec/hostname",
            (_, "enabled") => "#/spec/enabled",
            (_, "dhcpv4_options") => "#/spec/network",
            (_, "parent_name") => "#/vm",
            (_, "tag_request") => "#/spec/vlan",
            _ => "#/row",
        };

    private static string Text(Row actual, string column) =>
        column == "tag_request" && !actual["tag"].IsEmpty
            ? string.Create(CultureInfo.InvariantCulture, $"and tag {actual["tag"].AsInteger()}")
            : Text(actual[column]);

    private static string Text(OvsdbValue value) => value.IsEmpty ? "(none)" : value.ToString();
}
