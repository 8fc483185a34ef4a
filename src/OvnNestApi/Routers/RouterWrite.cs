using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>The routers of a write. Routers have no rules of their own.</summary>
internal sealed class RouterWrite(ResourceWrite write, RouterKind kind) : KindWrite<Router, RouterSpec>(write, kind)
{
    // Serializes the checks of networks for overlapping subnets.
    protected override string ReferenceLock => "NO KEY UPDATE";

    protected override Router Create(WriteItem<Router, RouterSpec> item) =>
        new() { Name = item.Path.Name, Spec = item.Submission.Sent.SpecText };

    protected override Task ApplyAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
