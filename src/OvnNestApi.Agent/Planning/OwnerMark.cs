namespace OvnNestApi.Agent.Planning;

/// <summary>
/// How we know again what we made: whose installation, and for which object. Stands in <c>external_ids</c> of bridges, ports and
/// interfaces, in a file per namespace, and as alias of a device.
/// </summary>
/// <param name="Installation">The installation's id.</param>
/// <param name="Kind"><see cref="Vm"/> or <see cref="Container"/>.</param>
/// <param name="Id">The object's id.</param>
internal readonly record struct OwnerMark(Guid Installation, string Kind, Guid Id)
{
    public const string Vm = "vm";
    public const string Container = "container";

    private const string InstanceKey = "ovnnest:instance";
    private const string KindKey = "ovnnest:kind";
    private const string IdKey = "ovnnest:id";

    /// <summary>The mark as it stands in <c>external_ids</c>.</summary>
    public IReadOnlyDictionary<string, string> ExternalIds =>
        new Dictionary<string, string>
        {
            [InstanceKey] = Installation.ToString(),
            [KindKey] = Kind,
            [IdKey] = Id.ToString(),
        };

    /// <summary>The mark as a device's alias (ip-link(8)).</summary>
    public string Alias => $"ovnnest:{Installation}:{Id}";

    public override string ToString() => Alias;

    /// <summary>The mark in a row's <c>external_ids</c>; null when there is none, or none that can be read.</summary>
    public static OwnerMark? Read(IReadOnlyDictionary<string, string> externalIds) =>
        externalIds.TryGetValue(InstanceKey, out var installation)
        && Guid.TryParse(installation, out var instance)
        && externalIds.TryGetValue(IdKey, out var text)
        && Guid.TryParse(text, out var id)
            ? new OwnerMark(instance, externalIds.GetValueOrDefault(KindKey, ""), id)
            : null;

    /// <summary>Whose device this is, by its alias; null when the alias is none of ours.</summary>
    public static (Guid Installation, Guid Id)? ReadAlias(string? alias) =>
        alias?.Split(':') is ["ovnnest", var installation, var text]
        && Guid.TryParse(installation, out var instance)
        && Guid.TryParse(text, out var id)
            ? (instance, id)
            : null;
}
