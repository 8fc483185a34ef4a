using Npgsql;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>A desired resource as it is read, and the recorded results of earlier passes.</summary>
internal readonly record struct DesiredRow<T>(T Resource, RecordedState Recorded)
    where T : DesiredResource;

/// <summary>
/// Queries for desired resources, one for each kind. A null list of ids selects all resources. A resource is not wanted in the NB while it
/// is being deleted, or while an earlier incarnation of its name is.
/// </summary>
internal static class DesiredQueries
{
    private const string HasFormer = "EXISTS (SELECT FROM TABLE p WHERE p.name = r.name AND p.deleting_since IS NOT NULL AND p.id <> r.id)";

    private const string ContainerIsBlocked = """
        EXISTS (SELECT FROM containers p WHERE p.vm_id = r.vm_id AND p.name = r.name AND p.deleting_since IS NOT NULL AND p.id <> r.id)
            OR NOT EXISTS (SELECT FROM vlan_leases l
                WHERE l.vm_id = r.vm_id AND l.tag = r.tag AND l.container_id = r.id AND l.state = 'Bound')
        """;

    // A VM that moves stays on its former host until that host has confirmed the removal, because OVN would keep its containers bound there
    // until then.
    private const string Chassis = """
        , (SELECT coalesce(h.chassis, s.system_id) FROM hosts h LEFT JOIN host_status s ON s.host_id = h.id
            WHERE h.id = coalesce((SELECT p.host_id FROM placements p
                WHERE p.object_id = r.id AND p.host_id IS DISTINCT FROM r.host_id AND p.kind = 'Vm' LIMIT 1), r.host_id))
        """;

    public static IAsyncEnumerable<DesiredRow<DesiredRouter>> Routers(NestDb db, Guid[]? ids, CancellationToken cancellationToken) =>
        Read<Router, DesiredRouter>(db, ids, HasFormer, "", Router, cancellationToken);

    public static IAsyncEnumerable<DesiredRow<DesiredNetwork>> Networks(NestDb db, Guid[]? ids, CancellationToken cancellationToken) =>
        Read<Network, DesiredNetwork>(db, ids, HasFormer, "", Network, cancellationToken);

    public static IAsyncEnumerable<DesiredRow<DesiredPort>> Vms(NestDb db, Guid[]? ids, CancellationToken cancellationToken) =>
        Read<Vm, DesiredPort>(db, ids, HasFormer, Chassis, Vm, cancellationToken);

    /// <summary>A container is also not wanted while its tag is leased to another container.</summary>
    public static IAsyncEnumerable<DesiredRow<DesiredPort>> Containers(NestDb db, Guid[]? ids, CancellationToken cancellationToken) =>
        Read<Container, DesiredPort>(db, ids, ContainerIsBlocked, "", Container, cancellationToken);

    /// <summary>Returns the leases of released tags of these containers that the NB has not been observed without.</summary>
    public static Task<List<DrainingLease>> DrainingAsync(NestDb db, Guid[]? containers, CancellationToken cancellationToken) =>
        db.QueryAsync(
            $"""
            SELECT id, vm_id, tag, container_id FROM vlan_leases
            WHERE state = 'Draining' AND drain_nb_cfg IS NULL AND {(
                containers is null ? "container_id IS NOT NULL" : "container_id = ANY(@ids)"
            )}
            """,
            row => new DrainingLease(row.GetGuid(0), row.GetGuid(1), row.GetInt32(2), row.GetGuid(3)),
            cancellationToken,
            Parameters(containers)
        );

    /// <param name="isBlocked">SQL condition: the resource <c>r</c> has to wait for an earlier one.</param>
    /// <param name="columns">More columns, with a comma before each.</param>
    /// <param name="create">Creates the desired resource, from the entity and the further columns, which begin at the given one.</param>
    private static async IAsyncEnumerable<DesiredRow<T>> Read<TEntity, T>(
        NestDb db,
        Guid[]? ids,
        string isBlocked,
        string columns,
        Func<TEntity, bool, NpgsqlDataReader, int, DesiredRow<T>> create,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
        where TEntity : Resource
        where T : DesiredResource
    {
        var table = db.EntityTable<TEntity>();
        // Two statements instead of one with OR: PostgreSQL would use the plan for all rows even for a few ids.
        var sql = $"""
            SELECT {table.Columns("r")}, {isBlocked.Replace("TABLE", table.Name, StringComparison.Ordinal)} {columns}
            FROM {table.Name} r {(ids is null ? "" : "WHERE r.id = ANY(@ids)")}
            """;
        var rows = db.StreamAsync(
            sql,
            row =>
            {
                var entity = table.Read(row);
                return create(entity, entity.DeletingSince is null && !row.GetBoolean(table.Count), row, table.Count + 1);
            },
            Parameters(ids),
            cancellationToken
        );
        await foreach (var row in rows)
        {
            yield return row;
        }
    }

    private static (string, object?)[] Parameters(Guid[]? ids) => ids is null ? [] : [("ids", ids)];

    private static DesiredRow<DesiredRouter> Router(Router router, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            new()
            {
                Id = router.Id,
                Name = router.Name,
                IsWanted = isWanted,
                RouterUuid = router.RouterUuid,
            },
            RecordedState.Of(router)
        );

    private static DesiredRow<DesiredNetwork> Network(Network network, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            new()
            {
                Id = network.Id,
                Name = network.Name,
                IsWanted = isWanted,
                SwitchName = network.SwitchName,
                SwitchExisting = network.SwitchExisting,
                SwitchUuid = network.SwitchUuid,
                DhcpUuid = network.DhcpUuid,
                RouterPortUuid = network.RouterPortUuid,
                SwitchRouterPortUuid = network.SwitchRouterPortUuid,
                Subnet = network.Subnet,
                Gateway = network.Gateway,
                GatewayMac = network.GatewayMac,
                RouterId = network.RouterId,
                DhcpEnabled = network.DhcpEnabled,
                DhcpLeaseTime = network.DhcpLeaseTime,
                DhcpOptionsId = network.DhcpOptionsId,
                DnsServers = network.DnsServers,
                DomainName = network.DomainName,
                Mtu = network.Mtu,
            },
            RecordedState.Of(network)
        );

    private static DesiredRow<DesiredPort> Vm(Vm vm, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            Port(vm, isWanted) with
            {
                Chassis = row.IsDBNull(next) ? null : row.GetString(next),
            },
            RecordedState.Of(vm) with
            {
                Up = vm.Up,
                VmId = vm.Id,
            }
        );

    private static DesiredRow<DesiredPort> Container(Container container, bool isWanted, NpgsqlDataReader row, int next) =>
        new(
            Port(container, isWanted) with
            {
                VmId = container.VmId,
                Tag = container.Tag,
            },
            RecordedState.Of(container) with
            {
                Up = container.Up,
                ObservedTag = container.ObservedTag,
                VmId = container.VmId,
            }
        );

    private static DesiredPort Port(LogicalPort port, bool isWanted) =>
        new()
        {
            Id = port.Id,
            Name = port.Name,
            IsWanted = isWanted,
            NetworkId = port.NetworkId,
            PortName = port.PortName,
            PortUuid = port.PortUuid,
            Mac = port.Mac,
            Ip = port.Ip,
            Enabled = port.Enabled,
            PortSecurity = port.PortSecurity,
        };
}

/// <summary>A released tag that the NB has not been observed without.</summary>
internal sealed record DrainingLease(Guid Id, Guid VmId, int Tag, Guid ContainerId);
