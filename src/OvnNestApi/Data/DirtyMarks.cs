using Microsoft.EntityFrameworkCore;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Marks VMs as dirty whose NB rows may have to change, in the transaction of the change.</summary>
internal static class DirtyMarks
{
    /// <summary>Marks VMs and their containers. First locks the VMs by id.</summary>
    public static async Task MarkVmsAsync(this NestDb db, IReadOnlyCollection<Guid> vms, CancellationToken cancellationToken)
    {
        if (vms.Count == 0)
        {
            return;
        }

        var ids = vms.ToArray();
        await db.Database.ExecuteSqlAsync(
            $"""
            SELECT id FROM vms WHERE id = ANY({ids}) ORDER BY id FOR NO KEY UPDATE;
            UPDATE vms SET dirty_seq = nextval('dirty_seq') WHERE id = ANY({ids});
            UPDATE containers SET dirty_seq = nextval('dirty_seq') WHERE vm_id = ANY({ids});
            """,
            cancellationToken
        );
    }
}
