using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

internal static class ParentVm
{
    /// <summary>Returns 404 if the VM in the URL does not exist; null if it exists.</summary>
    public static async Task<Problem?> CheckAsync(NestDb db, string vm, CancellationToken cancellationToken) =>
        ResourceName.IsValid(vm) && await db.Vms.AnyAsync(one => one.Name == vm, cancellationToken) ? null : Problem.NotFound("VM", vm);
}
