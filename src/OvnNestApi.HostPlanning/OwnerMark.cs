namespace OvnNestApi.HostPlanning;

/// <summary>
/// Mark by which the agent recognizes what it created. It is stored in <c>external_ids</c> of bridges, ports and interfaces, in the alias
/// of a device, and for a namespace in the alias of its loopback device.
/// </summary>
/// <param name="Installation">Id of the installation that the work came from.</param>
/// <param name="Kind"><see cref="Vm"/> or <see cref="Container"/>.</param>
/// <param name="Id">Id of the resource.</param>
internal readonly record struct OwnerMark(Guid Installation, string Kind, Guid Id)
{
    public const string Vm = "vm";
    public const string Container = "container";

    private const string InstanceKey = "ovnnest:instance";
    private const string KindKey = "ovnnest:kind";
    private const string IdKey = "ovnnest:id";

    /// <summary>The mark in the form of <c>external_ids</c>.</summary>
    public IReadOnlyDictionary<string, string> ExternalIds =>
        new Dictionary<string, string>
        {
            [InstanceKey] = Installation.ToString(),
            [KindKey] = Kind,
            [IdKey] = Id.ToString(),
        };

    /// <summary>The mark in the form of a device alias (ip-link(8)).</summary>
    public string Alias => $"ovnnest:{Installation}:{Id}";

    public override string ToString() => Alias;

    /// <summary>Reads the mark from a row's <c>external_ids</c>; null if there is none or it is not valid.</summary>
    public static OwnerMark? Read(IReadOnlyDictionary<string, string> externalIds) =>
        externalIds.TryGetValue(InstanceKey, out var installation)
        && Guid.TryParse(installation, out var instance)
        && externalIds.TryGetValue(IdKey, out var text)
        && Guid.TryParse(text, out var id)
            ? new OwnerMark(instance, externalIds.GetValueOrDefault(KindKey, ""), id)
            : null;

    /// <summary>Reads installation and resource id from a device alias; null if the alias is not an owner mark.</summary>
    public static (Guid Installation, Guid Id)? ReadAlias(string? alias) =>
        alias?.Split(':') is ["ovnnest", var installation, var text]
        && Guid.TryParse(installation, out var instance)
        && Guid.TryParse(text, out var id)
            ? (instance, id)
            : null;
}
