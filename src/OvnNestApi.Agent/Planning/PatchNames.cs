namespace OvnNestApi.Agent.Planning;

/// <summary>The names of the two ends of a patch pair between a VM's bridge and the integration bridge.</summary>
internal static class PatchNames
{
    private const int Longest = 15;

    /// <summary>
    /// <c>brvm5-brint</c> on <c>br-vm5</c> and <c>brint-brvm5</c> on <c>br-int</c> where that fits and is unambiguous; else names made of the VM's id.
    /// </summary>
    public static (string OnBridge, string OnIntegration) For(string bridge, string integration, Guid vm)
    {
        if (Plain(bridge) is { } near && Plain(integration) is { } far && near.Length + 1 + far.Length <= Longest)
        {
            return ($"{near}-{far}", $"{far}-{near}");
        }

        // The last 12 digits: in a version 7 UUID the first ones are a time, which objects made together share.
        var digits = vm.ToString("N")[^12..];
        return ($"nv{digits}", $"ni{digits}");
    }

    // "br-vm5" becomes "brvm5". Of names that would fold into one ("br-vm5", "b-rvm5", "brvm5"), only the usual form is taken.
    private static string? Plain(string bridge) =>
        bridge.StartsWith("br-", StringComparison.Ordinal) && bridge.LastIndexOf('-') == 2 ? $"br{bridge[3..]}" : null;
}
