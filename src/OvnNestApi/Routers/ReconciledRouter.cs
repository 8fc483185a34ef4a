using Npgsql;
using OvnNestApi.Northbound;
using OvnNestApi.Reconciling;
using OvnNestApi.Schema;

namespace OvnNestApi.Routers;

/// <summary>Routers in a pass of the reconciler.</summary>
internal sealed class ReconciledRouter() : ReconciledKind<Router>(OwnerKind.Router, "routers")
{
    public override string UsesForeign => "existing_name = ANY(@names)";

    protected override DesiredRow Create(Router router, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            new DesiredRouter
            {
                Id = router.Id,
                Name = router.Name,
                IsWanted = isWanted,
                ExistingName = router.ExistingName,
                RouterUuid = router.RouterUuid,
                IsForced = router.DeletionForced,
            },
            RecordedState.Of(router)
        );
}
