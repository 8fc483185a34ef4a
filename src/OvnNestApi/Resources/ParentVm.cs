using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Resources;

internal static class ParentVm
{
    /// <summary>404 if the VM that a URL begins with does not exist.</summary>
    public static async Task<Problem?> CheckAsync(NestDb db, string vm, CancellationToken cancellationToken) =>
        ResourceName.IsValid(vm) && await db.Vms.AnyAsync(one => one.Name == vm, cancellationToken) ? null : Problem.NotFound("vm", vm);
}
