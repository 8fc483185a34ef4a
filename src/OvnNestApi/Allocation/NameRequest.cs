using OvnNestApi.Schema;

namespace OvnNestApi.Allocation;

/// <summary>The names that one resource needs.</summary>
/// <param name="Owner">Id of the resource.</param>
/// <param name="Predecessor">Id of the previous incarnation, whose names pass to the resource; null if none.</param>
/// <param name="Claims">One claim for each name.</param>
/// <param name="IsStored">True if the resource may hold names that no claim mentions, which are then released.</param>
internal sealed record NameRequest(Guid Owner, Guid? Predecessor, IReadOnlyList<Claim> Claims, bool IsStored = false)
{
    /// <summary>True if neither the resource nor a predecessor can hold a name yet.</summary>
    public bool IsNew => !IsStored && Predecessor is null && Claims.All(claim => claim.Present is null);

    /// <summary>Returns true if the name can be kept or taken over.</summary>
    public bool IsHeldBy(Guid holder) => holder == Owner || holder == Predecessor;
}

/// <summary>A unique name that a resource needs, requested or chosen by the server.</summary>
/// <param name="Scope">Scope in which the name must be unique.</param>
/// <param name="Field">Field of <c>spec</c> that requests the name.</param>
/// <param name="Asked">Requested name; null: the server chooses.</param>
/// <param name="Present">Present name of the resource; null if it has none yet.</param>
/// <param name="Former">Name of the previous incarnation; null if there is none.</param>
/// <param name="Default">Name that the server prefers.</param>
internal sealed record Claim(NameScope Scope, string Field, string? Asked, string? Present, string? Former, string Default)
{
    /// <summary>Linux limits device names to 15 bytes (IFNAMSIZ - 1). Namespaces have the names of their devices.</summary>
    private const int MaxDeviceLength = 15;

    private static readonly HashSet<string> ReservedDevices = ["br-int", "lo", "all", "default", "ovs-system"];

    private bool IsShort => Scope is NameScope.Device or NameScope.Namespace;

    private string Word =>
        Scope switch
        {
            NameScope.Switch => "logical switch",
            _ => Scope.ToString().ToLowerInvariant(),
        };

    /// <summary>
    /// Returns true for a device name that Linux or Open vSwitch uses itself. No resource can have it, and it cannot be an uplink.
    /// </summary>
    public static bool IsReservedDevice(string name) => ReservedDevices.Contains(name);

    /// <summary>
    /// Names in order of preference, without those that no resource can have. A requested name has no alternative.
    /// </summary>
    public IEnumerable<ScopedName> Candidates(Guid owner)
    {
        if (Asked is not null)
        {
            return Allowed([Asked]);
        }

        var suffix = "-" + owner.ToString("N")[^6..];
        var distinct = (IsShort && Default.Length > 8 ? Default[..8] : Default) + suffix;
        return Allowed([Present, Former, IsShort && Default.Length > MaxDeviceLength ? null : Default, distinct]);
    }

    /// <summary>Returns the error text for a claim without a free candidate.</summary>
    public string Refusal()
    {
        var name = Asked ?? Default;
        return IsReserved(name)
            ? $"The device name {name} is reserved. Choose another name."
            : $"The {Word} name {name} is taken by another resource. Choose another name.";
    }

    private IEnumerable<ScopedName> Allowed(IEnumerable<string?> names) =>
        names.OfType<string>().Where(name => !IsReserved(name)).Distinct().Select(name => new ScopedName(Scope, name));

    private bool IsReserved(string name) => Scope == NameScope.Device && IsReservedDevice(name);
}

/// <summary>A name in the scope in which it is unique.</summary>
internal readonly record struct ScopedName(NameScope Scope, string Name);
