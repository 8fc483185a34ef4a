using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>The marks in <c>external_ids</c> that tell our rows from everybody else's. A row without them does not exist for us.</summary>
/// <param name="Instance">The name of this installation in the NB, so that several may share one.</param>
public sealed record Ownership(string Instance)
{
    /// <summary>The key of the installation's name.</summary>
    public const string InstanceKey = "ovnnest:instance";

    /// <summary>The key of the object's kind.</summary>
    public const string KindKey = "ovnnest:kind";

    /// <summary>The key of the object's id.</summary>
    public const string IdKey = "ovnnest:id";

    /// <summary>The key in <c>NB_Global.external_ids</c> that says who may write for this instance.</summary>
    public string FenceKey => $"ovnnest_{Instance}";

    /// <summary>What every row of the object bears.</summary>
    public KeyValuePair<string, string?>[] Marks(OwnerRef of) =>
        [new(InstanceKey, Instance), new(KindKey, NameOf(of.Kind)), new(IdKey, of.Id.ToString())];

    /// <summary>Whose row this is; null if it is not ours.</summary>
    public OwnerRef? OwnerOf(Row row)
    {
        var marks = row["external_ids"].AsStringMap();
        return
            marks.TryGetValue(InstanceKey, out var instance)
            && instance == Instance
            && marks.TryGetValue(IdKey, out var id)
            && Guid.TryParse(id, out var guid)
            ? new OwnerRef(KindOf(marks.GetValueOrDefault(KindKey)), guid)
            : null;
    }

    private static string NameOf(OwnerKind kind) =>
        kind switch
        {
            OwnerKind.Router => "router",
            OwnerKind.Network => "network",
            OwnerKind.Vm => "vm",
            _ => "container",
        };

    // A kind that somebody has falsified: the id alone says whose row it is.
    private static OwnerKind KindOf(string? name) =>
        name switch
        {
            "router" => OwnerKind.Router,
            "network" => OwnerKind.Network,
            "vm" => OwnerKind.Vm,
            _ => OwnerKind.Container,
        };
}
