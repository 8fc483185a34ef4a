using Ovsdb;

namespace OvnNestApi.Northbound;

/// <summary>Owner marks in <c>external_ids</c>, which distinguish our rows from foreign rows. Foreign rows are never changed.</summary>
/// <param name="Instance">Name of this installation in the NB, see <see cref="NorthboundOptions.Instance"/>.</param>
public sealed record Ownership(string Instance)
{
    /// <summary>Key of the installation's name.</summary>
    public const string InstanceKey = "ovnnest:instance";

    /// <summary>Key of the kind of resource.</summary>
    public const string KindKey = "ovnnest:kind";

    /// <summary>Key of the resource's id.</summary>
    public const string IdKey = "ovnnest:id";

    private static readonly string[] Names = [.. Enum.GetNames<OwnerKind>().Select(name => name.ToLowerInvariant())];

    /// <summary>Key of the fence in <c>NB_Global.external_ids</c>, which names the epoch that may write for this instance.</summary>
    public string FenceKey => $"ovnnest_{Instance}";

    /// <summary>Returns the owner mark for the rows of a resource.</summary>
    public KeyValuePair<string, string?>[] Marks(OwnerRef owner) =>
        [new(InstanceKey, Instance), new(KindKey, NameOf(owner.Kind)), new(IdKey, owner.Id.ToString())];

    /// <summary>Returns the owner of a row; null if the row does not have our owner mark.</summary>
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

    /// <summary>Returns the name of a kind in owner marks.</summary>
    public static string NameOf(OwnerKind kind) => Names[(int)kind];

    // An unknown kind was written by another client; the id alone identifies the resource.
    private static OwnerKind KindOf(string? name)
    {
        var index = Array.IndexOf(Names, name);
        return index < 0 ? OwnerKind.Container : (OwnerKind)index;
    }
}
