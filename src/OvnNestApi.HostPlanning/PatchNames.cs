namespace OvnNestApi.HostPlanning;

/// <summary>Names of the two patch ports between a VM's bridge and the integration bridge.</summary>
internal static class PatchNames
{
    private const int MaxInterfaceNameLength = 15;

    /// <summary>
    /// Returns <c>brvm5-brint</c> on <c>br-vm5</c> and <c>brint-brvm5</c> on <c>br-int</c> if these fit and are unambiguous; otherwise
    /// names that contain the end of the VM's id.
    /// </summary>
    public static (string OnBridge, string OnIntegration) For(string bridge, string integration, Guid vm)
    {
        if (
            Shorten(bridge) is { } near
            && Shorten(integration) is { } far
            && near.Length + "-".Length + far.Length <= MaxInterfaceNameLength
        )
        {
            return ($"{near}-{far}", $"{far}-{near}");
        }

        // The last 12 digits, because a version 7 UUID starts with a timestamp that resources created together share.
        var digits = vm.ToString("N")[^12..];
        return ($"nv{digits}", $"ni{digits}");
    }

    // "br-vm5" becomes "brvm5". Only the form "br-" without another hyphen is shortened: "b-rvm5" and "brvm5" would collide with it.
    private static string? Shorten(string bridge) =>
        bridge.StartsWith("br-", StringComparison.Ordinal) && bridge.LastIndexOf('-') == 2 ? $"br{bridge[3..]}" : null;
}
