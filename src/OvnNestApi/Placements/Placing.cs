using OvnNestApi.Data;

namespace OvnNestApi.Placements;

/// <summary>
/// Says which host shall have which object, from what is stored and nothing else: to be called after every write that touches a VM or its
/// containers. Part of the caller's transaction, its last step: it locks the host's row.
/// </summary>
internal static class Placing
{
    /// <summary>The VM and all its containers.</summary>
    public static Task RefreshAsync(NestDb db, Guid vmId, CancellationToken cancellationToken) => throw new NotImplementedException();

    /// <summary>Only these containers of the VM: what a change of one container costs does not depend on how many there are.</summary>
    public static Task RefreshAsync(NestDb db, Guid vmId, IReadOnlyCollection<Guid> containers, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
