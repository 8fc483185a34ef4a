using OvnNestApi.Containers;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Vms;

namespace OvnNestApi.VlanLeases;

/// <summary>Gives tags to containers and takes them back. Part of the caller's transaction, which holds the VM's row lock; the unique indexes decide.</summary>
internal static class Leases
{
    /// <summary>
    /// Binds a tag to the container and sets <see cref="Container.Tag"/>. The container's row need not be stored yet.
    /// A tag that the container had before and now has no more goes on draining.
    /// </summary>
    /// <param name="asked">The tag asked for; null: the present one while it fits (<paramref name="mayKeep"/>), else any of the VM's ranges.</param>
    /// <param name="ownerKey">The key of a reservation to take; null: none.</param>
    /// <param name="mayKeep">False: with no tag asked for, another one is chosen even if the present one fits.</param>
    /// <returns>Null when bound; 409 <c>vlan-tag-taken</c> or <c>vlan-tags-exhausted</c> otherwise.</returns>
    public static Task<Problem?> BindAsync(
        NestDb db, Vm vm, Container container, int? asked, string? ownerKey, bool mayKeep, CancellationToken cancellationToken) =>
        throw new NotImplementedException();

    /// <summary>The container lets go of its tag: bound becomes draining.</summary>
    public static Task ReleaseAsync(NestDb db, Container container, CancellationToken cancellationToken) =>
        ReleaseAsync(db, [container.Id], cancellationToken);

    /// <summary>The same for many containers in one statement.</summary>
    public static Task ReleaseAsync(NestDb db, IReadOnlyCollection<Guid> containers, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
