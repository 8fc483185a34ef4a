using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.Vms;

/// <summary>Ranges of VLAN tags from 1 to 4094, such as "100-199,300".</summary>
public sealed class TagRangesAttribute()
    : PatternAttribute(
        @"^[0-9]{1,4}(-[0-9]{1,4})?(,[0-9]{1,4}(-[0-9]{1,4})?){0,255}$",
        "ranges of VLAN tags from 1 to 4094 are expected, such as \"100-199,300\""
    )
{
    /// <inheritdoc/>
    public override bool IsValid(object? value) =>
        value is null || (value is string text && base.IsValid(value) && VlanRanges.TryParse(text, out _));
}
