using System.Diagnostics.Metrics;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using OvnNestApi.Northbound;
using Ovsdb;
using TestServers;

namespace OvnNestApi.Tests.Documentation;

/// <summary>The tables of docs/operations.md list every setting with its default, and every metric with its unit.</summary>
[Trait("Kind", "pure")]
public sealed partial class SettingsTableTests
{
    /// <summary>Configuration section of each options class.</summary>
    private static readonly Dictionary<string, string> Sections = new()
    {
        ["ReconcilerOptions"] = "Reconciler",
        ["NorthboundOptions"] = "Northbound",
        ["NorthboundTlsOptions"] = "Northbound__Tls",
        ["LeaseOptions"] = "Leases",
        ["AddressOptions"] = "Addresses",
        ["HostOptions"] = "Hosts",
        ["ChangeOptions"] = "Changes",
        ["CheckOptions"] = "Checks",
        ["RateLimitOptions"] = "RateLimit",
        ["TransactionOptions"] = "Transactions",
        ["ReconnectOptions"] = "Reconnect",
    };

    [Fact]
    public void Every_settings_row_matches_an_option_and_its_default()
    {
        var options = OptionClasses().SelectMany(Settings).ToDictionary();
        var rows = Rows().Where(row => Sections.Values.Any(section => row[0].StartsWith(section + "__", StringComparison.Ordinal)));
        var documented = rows.ToDictionary(row => row[0], row => row[1]);

        Assert.Equal(options.Keys.Order(), documented.Keys.Order());
        Assert.All(options, option => Assert.Equal(Canonical(option.Value, option.Value), Canonical(documented[option.Key], option.Value)));
    }

    [Fact]
    public void Every_options_class_has_a_section()
    {
        Assert.Equal(Sections.Keys.Order(), OptionClasses().Select(type => type.Name).Order());
    }

    [Fact]
    public void Every_metrics_row_matches_an_instrument_and_its_unit()
    {
        var documented = Rows()
            .Where(row => row[0].StartsWith("nest.", StringComparison.Ordinal) || row[0].StartsWith("ovsdb.", StringComparison.Ordinal))
            .Select(row => $"{row[0]} {row[2]}");

        Assert.Equal(Instruments().Order(), documented.Order());
    }

    [Fact]
    public void Every_reason_has_a_row_in_the_order_of_the_enumeration()
    {
        var reasons = Enum.GetNames<OvnNestApi.Schema.Reason>();
        Assert.Equal(reasons, Rows().Where(row => row.Length == 3).Select(row => row[0]).Where(reasons.Contains));
    }

    /// <summary>Returns the classes that configuration is bound to: their names end in Options, and their properties can be set.</summary>
    private static IEnumerable<Type> OptionClasses() =>
        typeof(NorthboundOptions)
            .Assembly.GetTypes()
            .Where(type => type.Name.EndsWith("Options", StringComparison.Ordinal) && type.GetProperties().Any(IsSettable));

    private static bool IsSettable(PropertyInfo property) =>
        property.SetMethod is { IsStatic: false } setter
        && !setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static IEnumerable<KeyValuePair<string, object?>> Settings(Type type)
    {
        var defaults = Activator.CreateInstance(type);
        var section = Sections.GetValueOrDefault(type.Name, type.Name);
        return type.GetProperties()
            .Where(property => IsSettable(property) && !property.PropertyType.Name.EndsWith("Options", StringComparison.Ordinal))
            .Select(property => KeyValuePair.Create($"{section}__{property.Name}", property.GetValue(defaults)));
    }

    /// <summary>Returns a default in one spelling: durations and truth values have several.</summary>
    private static string Canonical(object? value, object? option)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return option switch
        {
            TimeSpan => TimeSpan.Parse(text, CultureInfo.InvariantCulture).ToString(),
            bool => bool.Parse(text).ToString(),
            _ => text,
        };
    }

    private static List<string> Instruments()
    {
        var found = new List<string>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, _) =>
            {
                if (instrument.Meter.Name == "Ovsdb" || instrument.Meter.Name.StartsWith("OvnNestApi", StringComparison.Ordinal))
                {
                    found.Add($"{instrument.Name} {instrument.Unit}");
                }
            },
        };
        var types = typeof(OvsdbClient).Assembly.GetTypes().Concat(typeof(NorthboundOptions).Assembly.GetTypes());
        const BindingFlags statics = BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public;
        foreach (var type in types.Where(type => !type.ContainsGenericParameters))
        {
            if (type is { IsAbstract: true, IsSealed: true } || type.GetFields(statics).Any(field => field.FieldType == typeof(Meter)))
            {
                RuntimeHelpers.RunClassConstructor(type.TypeHandle);
            }
        }

        listener.Start();
        return [.. found.Distinct()];
    }

    /// <summary>Returns the cells of all table rows, without backticks.</summary>
    private static IEnumerable<string[]> Rows() =>
        File.ReadLines(Path.Combine(Programs.Root, "docs", "operations.md"))
            .Where(line => line.StartsWith('|'))
            .Select(line => Separator().Split(line.Trim('|')).Select(cell => cell.Trim().Trim('`')).ToArray());

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Separator();
}
