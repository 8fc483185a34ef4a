using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace OvnNestApi.Schema;

/// <summary>Mapping of the columns that all resources have.</summary>
internal static class ResourceMapping
{
    /// <summary>
    /// Maps a <see cref="Resource"/>. With <paramref name="unique"/>, the name is unique among resources that are not being deleted.
    /// </summary>
    public static void HasResource<T>(this EntityTypeBuilder<T> resource, bool unique)
        where T : Resource
    {
        var table = resource.Metadata.GetTableName();
        resource.Property(r => r.Id).ValueGeneratedNever();
        resource.Property(r => r.Spec).HasColumnType("json");
        resource
            .Property(r => r.Labels)
            .HasColumnType("json")
            .HasConversion(
                labels => labels == null ? null : JsonSerializer.Serialize(labels, JsonSerializerOptions.Default),
                text => text == null ? null : JsonSerializer.Deserialize<Dictionary<string, string>>(text, JsonSerializerOptions.Default),
                new ValueComparer<Dictionary<string, string>?>(
                    (a, b) => a == b || (a != null && b != null && a.SequenceEqual(b)),
                    labels => labels == null ? 0 : labels.Count,
                    labels => labels
                )
            );
        resource.HasIndex(r => r.DirtySeq).HasFilter("dirty_seq > reconciled_seq").HasDatabaseName($"ix_{table}_dirty");
        resource.HasIndex(r => r.DeletingSince).HasFilter("deleting_since IS NOT NULL").HasDatabaseName($"ix_{table}_deleting");
        resource.HasIndex(r => r.RetryAt).HasFilter("retry_at IS NOT NULL").HasDatabaseName($"ix_{table}_retry");
        if (unique)
        {
            resource.HasIndex(r => r.Name).IsUnique().HasFilter("deleting_since IS NULL").HasDatabaseName($"ux_{table}_name");
        }
    }
}
