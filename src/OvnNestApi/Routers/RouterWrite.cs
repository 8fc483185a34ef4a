using Microsoft.EntityFrameworkCore;
using OvnNestApi.Problems;
using OvnNestApi.Resources;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>Creates or changes a router. Routers have no rules of their own.</summary>
internal sealed class RouterWrite(NestDb db, string name) : ResourceWrite<Router, RouterSpec>(db, "router", name)
{
    protected override Task<Problem?> LockParentsAsync(RouterSpec spec, CancellationToken cancellationToken) =>
        Task.FromResult<Problem?>(null);

    protected override IQueryable<Router> LockIncarnations() =>
        Db.Routers.FromSql($"SELECT * FROM routers WHERE name = {Name} ORDER BY created_at DESC FOR UPDATE");

    protected override Router Create(SubmittedResource<RouterSpec> sent) =>
        new()
        {
            Name = Name,
            Spec = sent.SpecText,
            CreatedAt = Now,
            UpdatedAt = Now,
        };

    protected override Task<Problem?> ApplyAsync(
        Router target,
        RouterSpec spec,
        Router? predecessor,
        CancellationToken cancellationToken
    ) => Task.FromResult<Problem?>(null);

    protected override Task<Problem?> FollowAsync(Router target, CancellationToken cancellationToken) => Task.FromResult<Problem?>(null);
}
