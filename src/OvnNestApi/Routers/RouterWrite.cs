using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>The routers of a write.</summary>
internal sealed class RouterWrite(ResourceWrite write, RouterKind kind) : KindWrite<Router, RouterSpec>(write, kind)
{
    // Serializes the checks of networks for overlapping subnets.
    protected override string ReferenceLock => "NO KEY UPDATE";

    protected override Router Create(WriteItem<Router, RouterSpec> item) =>
        new() { Name = item.Path.Name, Spec = item.Submission.Sent.SpecText };

    protected override Task ApplyAsync(CancellationToken cancellationToken)
    {
        foreach (var item in Changing)
        {
            if (Apply(item, Target(item)) is { } problem)
            {
                item.Fail(problem);
            }
        }

        return Task.CompletedTask;
    }

    private static Problem? Apply(WriteItem<Router, RouterSpec> item, Router target)
    {
        var (name, isExisting) = (item.Spec.Router?.Name, item.Spec.Router?.Existing ?? false);
        if (name is not null && !isExisting)
        {
            return Problem.ValidationFailed("#/spec/router/name", "is allowed only for an existing router; set existing to true");
        }

        var existing = isExisting ? name ?? target.Name : null;
        if (!item.IsNew && target.ExistingName != existing)
        {
            return Problem.Immutable("#/spec/router", "The logical router of a router cannot be changed.");
        }

        target.ExistingName = existing;
        return null;
    }
}
