using OvnNestApi.Http;

namespace OvnNestApi.VlanLeases;

/// <summary>How long a reservation holds: more than no time, and at most ten years.</summary>
public sealed class TtlAttribute()
    : PatternAttribute("^[0-9]{1,7}(ms|s|m|h|d)$", "a time from 1ms to 3650d is expected, such as 30s, 5m or 1d")
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <inheritdoc/>
    public override bool IsValid(object? value) =>
        value is null
        || (
            value is string text && base.IsValid(value) && Durations.TryParse(text, out var time) && time > TimeSpan.Zero && time <= Longest
        );
}
