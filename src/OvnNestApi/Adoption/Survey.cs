using System.Text.RegularExpressions;
using Ovsdb;

namespace OvnNestApi.Adoption;

/// <summary>Everything in the NB that was made by hand and can become networks, VMs and containers. Pure.</summary>
internal sealed partial class Survey
{
    private const int MaxName = 63;
    private readonly Dictionary<Guid, SurveyedPort> _ports = [];
    private readonly Dictionary<Guid, SurveyedSwitch> _switches = [];

    public Survey(NorthboundContent nb, StoredParts stored)
    {
        (Content, Stored) = (nb, stored);
        foreach (var row in nb.Candidates)
        {
            // The server deletes a port that no switch has.
            if (nb.SwitchOf(row) is { } found)
            {
                _ports[row.Uuid] = new(nb, row, SwitchOf(found));
            }
        }

        NameVms();
        NameContainers();
    }

    public NorthboundContent Content { get; }

    public StoredParts Stored { get; }

    /// <summary>Ports of VMs and containers.</summary>
    public IEnumerable<SurveyedPort> Ports => _ports.Values;

    /// <summary>Their switches.</summary>
    public IEnumerable<SurveyedSwitch> Switches => _switches.Values;

    /// <summary>Returns the defects that must be mended before this port can be adopted; none for another row.</summary>
    public IEnumerable<AdoptionDefect> BlockingDefects(Guid row) =>
        _ports.TryGetValue(row, out var port) ? PortDefects.Of(Content, port).Where(defect => defect.Blocks) : [];

    private SurveyedSwitch SwitchOf(Row row)
    {
        if (!_switches.TryGetValue(row.Uuid, out var found))
        {
            _switches[row.Uuid] = found = new(Content, row, Stored.Networks.GetValueOrDefault(row["name"].AsString()));
        }

        return found;
    }

    private void NameVms() => Name(Ports.Where(port => port.ParentName is null), Short);

    private void NameContainers()
    {
        var vms = Ports.Where(port => port.ParentName is null).ToDictionary(port => port.PortName, port => port.Name);
        var containers = Ports.Where(port => port.ParentName is not null).ToList();
        foreach (var port in containers)
        {
            port.Vm = vms.GetValueOrDefault(port.ParentName ?? "") ?? Stored.Vms.GetValueOrDefault(port.ParentName ?? "");
        }

        foreach (var siblings in containers.GroupBy(port => port.ParentName))
        {
            Name(siblings, port => WithoutPrefix(Short(port), port.Vm ?? ""));
        }
    }

    /// <summary>Names ports that need different names; those that would have the same get a part of their UUIDs.</summary>
    private static void Name(IEnumerable<SurveyedPort> ports, Func<SurveyedPort, string> text)
    {
        foreach (var same in ports.GroupBy(port => Slug(text(port))))
        {
            var isUnique = same.Key.Length > 0 && !same.Skip(1).Any();
            foreach (var port in same)
            {
                var start = same.Key.Length > 0 ? same.Key[..Math.Min(same.Key.Length, MaxName - 7)].TrimEnd('-') : "port";
                port.Name = isUnique ? same.Key : $"{start}-{port.Row.Uuid.ToString("N")[..6]}";
            }
        }
    }

    /// <summary>Returns the name of a port without that of its switch, as the service composes it.</summary>
    private static string Short(SurveyedPort port) => WithoutPrefix(port.PortName, port.Switch.Name);

    private static string WithoutPrefix(string text, string prefix) =>
        text.StartsWith($"{prefix}-", StringComparison.Ordinal) ? text[(prefix.Length + 1)..] : text;

    /// <summary>Returns the valid name of a resource that is closest to a text.</summary>
    internal static string Slug(string text)
    {
        var slug = Unsuitable().Replace(text.ToLowerInvariant(), "-").Trim('-');
        return slug.Length > MaxName ? slug[..MaxName].TrimEnd('-') : slug;
    }

    [GeneratedRegex("[^a-z0-9-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Unsuitable();
}
