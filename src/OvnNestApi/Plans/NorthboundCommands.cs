using OvnNestApi.HostPlanning.Commands;
using OvnNestApi.Northbound;
using Ovsdb;
using Columns = System.Collections.Generic.IReadOnlyDictionary<string, Ovsdb.OvsdbValue>;

namespace OvnNestApi.Plans;

/// <summary>Writes the plan of a resource as lines with <c>ovn-nbctl</c> (ovn-nbctl(8)), one transaction for each. Pure.</summary>
internal sealed class NorthboundCommands(RowNames names)
{
    /// <summary>Returns the lines, in an order in which no row is in the way of another with the same name.</summary>
    public IReadOnlyList<string> Of(ResourcePlan plan)
    {
        var removed = plan
            .Removed.Except(plan.Deletes)
            .Select(row =>
                Line([
                    [DeleteCommand(row.Table), names.Of(row)],
                ])
            );
        var inserted = plan.Writes.OfType<InsertOp>().Select(insert => Line(Insert(plan, insert)));
        var deleted = plan.Deletes.Select(row =>
            Line([
                [DeleteCommand(row.Table), names.Of(row)],
            ])
        );
        List<string> lines = [.. removed, .. inserted, .. deleted];
        var changes = Changes(plan).ToList();
        if (changes.Count > 0)
        {
            lines.Add(Line(changes));
        }

        return lines;
    }

    private static string Line(IEnumerable<IEnumerable<string>> commands) =>
        Shell.Line(DatabaseCommand.Join(commands).Prepend("ovn-nbctl"));

    private static string DeleteCommand(string table) =>
        table switch
        {
            Tables.Switch => "ls-del",
            Tables.SwitchPort => "lsp-del",
            Tables.Router => "lr-del",
            Tables.RouterPort => "lrp-del",
            _ => "dhcp-options-del",
        };

    /// <summary>Returns the commands that change rows that exist: columns, and the switch or router of a port.</summary>
    private IEnumerable<IEnumerable<string>> Changes(ResourcePlan plan)
    {
        var inserted = plan.Writes.OfType<InsertOp>().Select(insert => insert.Uuid).ToHashSet();
        foreach (var op in plan.Writes.Where(op => op is not InsertOp))
        {
            var row = PlannedOperations.RowOf(op);
            foreach (var command in DatabaseCommand.Of(op, names.Of(row)))
            {
                yield return command;
            }

            if (op is UpdateOp update && update.Row.TryGetValue("name", out var name))
            {
                names.Change(row, name.AsString());
            }
        }

        foreach (var (parent, child) in plan.Detach.Where(one => !PlannedOperations.IsRemoved(plan, one)))
        {
            yield return ["remove", parent.Table, names.Of(parent), "ports", child.ToString()];
        }

        foreach (var (parent, child) in plan.Attach.Where(one => !inserted.Contains(one.Child)))
        {
            yield return ["add", parent.Table, names.Of(parent), "ports", child.ToString()];
        }
    }

    private IEnumerable<IEnumerable<string>> Insert(ResourcePlan plan, InsertOp insert)
    {
        var (row, columns) = (PlannedOperations.RowOf(insert), insert.Row);
        var name = columns.TryGetValue("name", out var given) ? given.AsString() : "";
        var parent = plan.Attach.Where(one => one.Child == row.Uuid).Select(one => names.Of(one.Parent)).FirstOrDefault() ?? "";
        return insert.Table switch
        {
            Tables.Switch =>
            [
                ["ls-add", name],
                Rest(row.Table, name, columns, "name"),
            ],
            Tables.Router =>
            [
                ["lr-add", name],
                Rest(row.Table, name, columns, "name"),
            ],
            Tables.RouterPort =>
            [
                ["lrp-add", parent, name, columns["mac"].AsString(), .. columns["networks"].AsStringSet()],
                Rest(row.Table, name, columns, "name", "mac", "networks"),
            ],
            Tables.SwitchPort => SwitchPort(parent, name, columns),
            // With its UUID, to which ports refer.
            _ =>
            [
                [$"--id={row.Uuid}", "create", insert.Table, .. Assignments(columns)],
            ],
        };
    }

    private static IEnumerable<IEnumerable<string>> SwitchPort(string parent, string name, Columns columns)
    {
        var nested = columns.TryGetValue("parent_name", out var vm) && columns.TryGetValue("tag_request", out var tag);
        yield return nested
            ? ["lsp-add", parent, name, columns["parent_name"].AsString(), columns["tag_request"].ToString()]
            : ["lsp-add", parent, name];
        foreach (var (column, value) in columns)
        {
            IEnumerable<string>? command = column switch
            {
                "type" when value.AsString().Length > 0 => ["lsp-set-type", name, value.AsString()],
                "addresses" => ["lsp-set-addresses", name, .. value.AsStringSet().Order(StringComparer.Ordinal)],
                "port_security" => ["lsp-set-port-security", name, .. value.AsStringSet().Order(StringComparer.Ordinal)],
                "enabled" => ["lsp-set-enabled", name, value.AsBoolean() ? "enabled" : "disabled"],
                "dhcpv4_options" => ["lsp-set-dhcpv4-options", name, value.ToString()],
                "options" => ["lsp-set-options", name, .. value.AsStringMap().Select(pair => $"{pair.Key}={pair.Value}")],
                _ => null,
            };
            if (command is not null)
            {
                yield return command;
            }
        }

        string[] done =
        [
            "name",
            "type",
            "addresses",
            "port_security",
            "enabled",
            "dhcpv4_options",
            "options",
            "parent_name",
            "tag_request",
        ];
        yield return Rest(Tables.SwitchPort, name, columns, done);
    }

    /// <summary>Sets the columns that the command that created the row has not set: the owner mark.</summary>
    private static IEnumerable<string> Rest(string table, string record, Columns columns, params string[] done) =>
        DatabaseCommand.Set(table, record, Assignments(columns.Where(column => !done.Contains(column.Key))));

    private static IEnumerable<string> Assignments(IEnumerable<KeyValuePair<string, OvsdbValue>> columns) =>
        columns.SelectMany(column =>
            column.Value.Kind is OvsdbKind.Map
                ? DatabaseCommand.AssignKeys(column.Key, column.Value.AsStringMap())
                : [DatabaseCommand.Assign(column.Key, column.Value)]
        );
}
