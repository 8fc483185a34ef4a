using OvnNestApi.Http;

namespace OvnNestApi.VlanLeases;

/// <summary>Validates the lifetime of a reservation: more than 0, at most 3650 days.</summary>
public sealed class TtlAttribute()
    : PatternAttribute("^[0-9]{1,7}(ms|s|m|h|d)$", "a duration from 1ms to 3650d is expected, such as 30s, 5m or 1d")
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(3650);

    /// <inheritdoc/>
    public override bool IsValid(object? value) =>
        value is null
        || (
            value is string text && base.IsValid(value) && Durations.TryParse(text, out var time) && time > TimeSpan.Zero && time <= Longest
        );
}
