namespace EndToEnd.Tests.World;

/// <summary>
/// Another program that uses the same northbound database: its ports on our switches and its children of our VMs' ports come and go, with
/// addresses and tags from the ranges that our clients use.
/// </summary>
internal sealed class Foreigner(World world, Random random, Findings findings)
{
    private const string Columns = "_uuid,name,addresses,port_security,tag_request,parent_name,type,options,external_ids,dhcpv4_options";
    private readonly Dictionary<string, string> _rows = [];
    private int _count;

    /// <summary>Number of its ports that are present.</summary>
    public int Count => _rows.Count;

    /// <summary>Adds or removes some ports.</summary>
    public async Task RunAsync(int steps)
    {
        for (; steps > 0; steps--)
        {
            if (_rows.Count > 0 && random.Next(3) == 0)
            {
                await RemoveAsync(_rows.Keys.ElementAt(random.Next(_rows.Count)));
            }
            else
            {
                await AddAsync($"foreign{++_count}");
            }
        }
    }

    /// <summary>Reports rows that somebody else has changed or removed.</summary>
    public async Task CheckAsync()
    {
        foreach (var (name, before) in _rows)
        {
            var now = await ReadAsync(name);
            if (now != before)
            {
                findings.Add($"the foreign port {name} was\n{before}\nand is\n{now}");
            }
        }
    }

    /// <summary>Takes the present rows as its own, because the northbound database was replaced.</summary>
    public async Task ReloadAsync()
    {
        _rows.Clear();
        var names = await world.TryShellAsync("central", "ovn-nbctl --bare --columns=name list Logical_Switch_Port");
        foreach (var name in names.Split('\n').Where(name => name.StartsWith("foreign", StringComparison.Ordinal)))
        {
            _rows[name] = await ReadAsync(name);
        }
    }

    private async Task AddAsync(string name)
    {
        var network = 1 + random.Next(2);
        var last = random.Next(2) == 0 ? 2 + random.Next(20) : 100 + random.Next(20);
        var address = $"02:f0:00:00:{_count / 256:x2}:{_count % 256:x2} 10.7{network}.0.{last}";
        var parent = await ParentAsync();
        var child =
            parent is not null && random.Next(2) == 0
                ? $" {parent} {(random.Next(2) == 0 ? 2 + random.Next(6) : 100 + random.Next(12))}"
                : "";
        await world.TryShellAsync("central", $"ovn-nbctl lsp-add w{network} {name}{child} -- lsp-set-addresses {name} '{address}'");
        if (await ReadAsync(name) is { Length: > 0 } row)
        {
            _rows[name] = row;
        }
    }

    private async Task RemoveAsync(string name)
    {
        await world.TryShellAsync("central", $"ovn-nbctl lsp-del {name}");
        if (await ReadAsync(name) is "")
        {
            _rows.Remove(name);
        }
    }

    /// <summary>Returns the name of the port of one of our VMs; null if there is none.</summary>
    private async Task<string?> ParentAsync()
    {
        var names = await world.TryShellAsync("central", "ovn-nbctl --bare --columns=name find Logical_Switch_Port 'parent_name=[]'");
        var vms = names.Split('\n').Where(name => name.StartsWith("w1-v", StringComparison.Ordinal)).ToList();
        return vms.Count == 0 ? null : vms[random.Next(vms.Count)];
    }

    private Task<string> ReadAsync(string name) =>
        world.TryShellAsync("central", $"ovn-nbctl --columns={Columns} find Logical_Switch_Port name={name}");
}
