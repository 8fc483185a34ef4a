using System.Globalization;
using System.Text.Json;
using OvnNestApi.Http;

namespace OvnNestApi.Tests.Http;

/// <summary>Times in answers are in UTC with the suffix Z and at most six digits of a second, without zeros at the end.</summary>
public sealed class TimeFormatTests
{
    [Theory]
    [InlineData("2026-11-29T16:00:00Z", "2026-11-29T16:00:00Z")]
    [InlineData("2026-11-29T16:00:10.000000Z", "2026-11-29T16:00:10Z")]
    [InlineData("2026-11-29T16:00:00.120Z", "2026-11-29T16:00:00.12Z")]
    [InlineData("2026-11-29T16:00:00.000001Z", "2026-11-29T16:00:00.000001Z")]
    [InlineData("2026-11-29T16:00:00.1234569Z", "2026-11-29T16:00:00.123456Z")]
    [InlineData("2026-11-29T01:30:00+02:00", "2026-11-28T23:30:00Z")]
    public void A_time_is_written_in_UTC(string time, string expected) =>
        Assert.Equal(
            $"\"{expected}\"",
            JsonSerializer.Serialize(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), ApiJson.Options)
        );
}
