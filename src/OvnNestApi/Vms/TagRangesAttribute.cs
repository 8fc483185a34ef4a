using System.Globalization;
using OvnNestApi.Http;

namespace OvnNestApi.Vms;

/// <summary>Ranges of VLAN tags such as "100-199,300": ascending, each tag 1 to 4094.</summary>
public sealed class TagRangesAttribute() : PatternAttribute(@"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?){0,63}$", "ranges of VLAN tags from 1 to 4094 in ascending order are expected, such as \"100-199,300\"")
{
    /// <inheritdoc/>
    public override bool IsValid(object? value)
    {
        if (value is not string text || !base.IsValid(value))
        {
            return value is null;
        }

        var last = 0;
        foreach (var range in text.Split(','))
        {
            var bounds = range.Split('-').Select(bound => int.Parse(bound, CultureInfo.InvariantCulture)).ToList();
            if (bounds[0] <= last || bounds[^1] < bounds[0] || bounds[^1] > 4094)
            {
                return false;
            }

            last = bounds[^1];
        }

        return true;
    }
}
