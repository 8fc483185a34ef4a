using System.Net;
using System.Net.NetworkInformation;
using System.Text.Json;
using OvnNestApi.Allocation;
using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Placements;
using OvnNestApi.Problems;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>
/// Chooses the tag or the addresses of ports again that meet those of others, unless the spec requests them. The ports are then dirty.
/// </summary>
internal sealed class NewChoices(ForeignUse others, MacPrefix macPrefix, Leadership leadership, Transactions transactions, Signals signals)
{
    private const string Store = """
        WITH chosen AS (SELECT * FROM unnest(@ids, @macs, @ips, @tags, @causes) AS v (id, mac, ip, tag, cause)),
        vm AS (
            UPDATE vms t SET mac = v.mac, ip = v.ip, dirty_seq = nextval('dirty_seq') FROM chosen v WHERE t.id = v.id),
        container AS (
            UPDATE containers t SET mac = v.mac, ip = v.ip, tag = v.tag, dirty_seq = nextval('dirty_seq') FROM chosen v WHERE t.id = v.id)
        INSERT INTO changes (by, kind, vm, name, object_id, action, before, after)
        SELECT 'reconciler', p.kind, p.vm, p.name, p.id, 'status',
            json_strip_nulls(json_build_object('mac', p.mac, 'ip', host(p.ip), 'vlan', p.tag)),
            json_strip_nulls(json_build_object('mac', v.mac, 'ip', host(v.ip), 'vlan', v.tag, 'message', v.cause))
        FROM chosen v JOIN (
            SELECT id, 'vm' AS kind, NULL AS vm, name, mac, ip, NULL::int AS tag FROM vms WHERE id = ANY(@ids)
            UNION ALL SELECT c.id, 'container', o.name, c.name, c.mac, c.ip, c.tag FROM containers c JOIN vms o ON o.id = c.vm_id
                WHERE c.id = ANY(@ids)) p ON p.id = v.id
        """;

    /// <summary>Chooses again for the ports whose conflict concerns only values that the service has chosen.</summary>
    /// <param name="conflicts">Conflicts of wanted ports, by id.</param>
    /// <returns>True if a choice was made: the desired state must be read again.</returns>
    /// <exception cref="DeposedException">Another process is the leader; nothing was changed.</exception>
    public async Task<bool> ChooseAsync(
        NestDb db,
        Term term,
        DesiredState desired,
        IReadOnlyDictionary<Guid, Conflict> conflicts,
        CancellationToken cancellationToken
    )
    {
        // A port that can get no other value does not hold up the others.
        var ids = conflicts.Keys.ToHashSet();
        while (ids.Count > 0)
        {
            var refused = new HashSet<Guid>();
            var answer = await transactions.RunAsync<int>(
                db,
                token => ChooseAsync(db, term, [.. ids.Select(id => (desired.Port(id), conflicts[id]))], refused, token),
                cancellationToken
            );
            if (answer.TryGet(out var count, out _))
            {
                if (count > 0)
                {
                    signals.Written(db);
                }

                return count > 0;
            }

            if (refused.Count == 0)
            {
                return false;
            }

            ids.ExceptWith(refused);
        }

        return false;
    }

    private async Task<Answer<int>> ChooseAsync(
        NestDb db,
        Term term,
        IReadOnlyList<(DesiredPort Port, Conflict Conflict)> conflicting,
        HashSet<Guid> refused,
        CancellationToken cancellationToken
    )
    {
        refused.Clear();
        var choices = await LockAsync(db, conflicting, cancellationToken);
        if (choices.Count == 0)
        {
            return 0;
        }

        var (addressed, tagged) = (choices.FindAll(choice => choice.GivesUpAddress), choices.FindAll(choice => choice.GivesUpTag));
        await AddressDraw.FreeAsync(db, [.. addressed.Select(choice => choice.Stored.Id)], cancellationToken);
        await others.RecordUnrecordedAsync(db, cancellationToken);
        var problems = (
            await AddressBook.AssignAsync(db, macPrefix, addressed.ConvertAll(choice => choice.ForAddress()), cancellationToken)
        )
            .Zip(addressed)
            .Concat((await Leases.BindAsync(db, tagged.ConvertAll(choice => choice.ForTag()), cancellationToken)).Zip(tagged));
        foreach (var (problem, choice) in problems.Where(one => one.First is not null))
        {
            refused.Add(choice.Stored.Id);
        }

        if (refused.Count > 0)
        {
            return Problem.AddressesExhausted(null, "No other value is free.");
        }

        await StoreAsync(db, choices, cancellationToken);
        await leadership.ConfirmAsync(db, term, cancellationToken);
        return choices.Count;
    }

    /// <summary>Locks the ports, and returns those that still have the values and whose spec does not request them.</summary>
    private static async Task<List<Choice>> LockAsync(
        NestDb db,
        IReadOnlyList<(DesiredPort Port, Conflict Conflict)> conflicting,
        CancellationToken cancellationToken
    )
    {
        var networks = await LockAsync<Network>(db, conflicting.Select(one => one.Port.NetworkId), "KEY SHARE", cancellationToken);
        var vms = await LockAsync<Vm>(db, conflicting.Select(one => one.Port.VmId ?? one.Port.Id), "NO KEY UPDATE", cancellationToken);
        var ids = conflicting.Where(one => one.Port.VmId is not null).Select(one => one.Port.Id);
        var containers = await LockAsync<Container>(db, ids, "NO KEY UPDATE", cancellationToken);
        var choices = new List<Choice>();
        foreach (var (port, conflict) in conflicting)
        {
            LogicalPort? stored = port.VmId is null ? vms.GetValueOrDefault(port.Id) : containers.GetValueOrDefault(port.Id);
            if (
                stored is { DeletingSince: null }
                && stored.NetworkId == port.NetworkId
                && networks.GetValueOrDefault(stored.NetworkId) is { } network
                && vms.GetValueOrDefault(port.VmId ?? port.Id) is { } vm
            )
            {
                choices.Add(new(stored, vm, network, conflict, port));
            }
        }

        return choices.FindAll(choice => choice.IsAutomatic);
    }

    private static async Task<Dictionary<Guid, T>> LockAsync<T>(
        NestDb db,
        IEnumerable<Guid> ids,
        string strength,
        CancellationToken cancellationToken
    )
        where T : Resource
    {
        (string, object?) parameter = ("ids", ids.Distinct().ToArray());
        var rows = await db.SelectAsync<T>($"WHERE id = ANY(@ids) ORDER BY id FOR {strength}", cancellationToken, parameter);
        return rows.ToDictionary(row => row.Id);
    }

    private static async Task StoreAsync(NestDb db, List<Choice> choices, CancellationToken cancellationToken)
    {
        var ports = choices.ConvertAll(choice => choice.Stored);
        await db.ExecuteAsync(
            Store,
            cancellationToken,
            ("ids", ports.Select(port => port.Id).ToArray()),
            ("macs", ports.Select<LogicalPort, PhysicalAddress>(port => port.Mac.ToPhysicalAddress()).ToArray()),
            ("ips", ports.Select<LogicalPort, IPAddress?>(port => port.Ip?.ToIPAddress()).ToArray()),
            ("tags", ports.Select(port => (port as Container)?.Tag).ToArray()),
            ("causes", choices.Select(choice => choice.Conflict.Obstacle.Message).ToArray())
        );
        await PlacementWriter.RefreshAsync(
            db,
            [.. ports.OfType<Vm>().Select(vm => vm.Id)],
            [.. ports.OfType<Container>().Select(container => container.Id)],
            cancellationToken
        );
    }

    /// <summary>A port with a conflict.</summary>
    private sealed record Choice(LogicalPort Stored, Vm Vm, Network Network, Conflict Conflict, DesiredPort Port)
    {
        public bool GivesUpTag => Conflict.Obstacle.Cause == Reason.TagConflict;

        public bool GivesUpAddress => !GivesUpTag;

        /// <summary>True if the port still has the values of the conflict, and the service has chosen them.</summary>
        public bool IsAutomatic =>
            (Stored.Mac, Stored.Ip, (Stored as Container)?.Tag) == (Port.Mac, Port.Ip, Port.Tag) && !GivenUp().Any(IsRequested);

        public TagRequest ForTag() => new(Vm, (Container)Stored) { GivesUpTag = true };

        public AddressRequest ForAddress() => new(Stored, Network, null, null) { GivesUpIp = Conflict.HasIp, GivesUpMac = Conflict.HasMac };

        /// <summary>Returns the fields of the spec that would request what is given up.</summary>
        private IEnumerable<string> GivenUp()
        {
            if (GivesUpTag)
            {
                return ["vlan", "lease"];
            }

            return (Conflict.HasIp, Conflict.HasMac) switch
            {
                (true, true) => ["ip", "mac"],
                (true, false) => ["ip"],
                _ => ["mac"],
            };
        }

        private bool IsRequested(string name)
        {
            using var spec = JsonDocument.Parse(Stored.Spec);
            return spec.RootElement.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
        }
    }
}
