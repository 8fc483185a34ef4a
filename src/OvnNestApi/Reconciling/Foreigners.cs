using OvnNestApi.Data;
using OvnNestApi.Northbound;
using OvnNestApi.Schema;

namespace OvnNestApi.Reconciling;

/// <summary>What a pass needs to take the ports of others into account.</summary>
/// <param name="Ports">Ports of others in the NB.</param>
/// <param name="Use">Records what they use.</param>
/// <param name="Choices">Chooses again what meets them.</param>
internal sealed record Foreigners(ForeignPorts Ports, ForeignUse Use, NewChoices Choices)
{
    /// <summary>Creates the state of a term, which knows nothing yet.</summary>
    public static Foreigners Of(NorthboundDb nb, MacPrefix macPrefix, Leadership leadership, Transactions transactions, Signals signals)
    {
        var ports = new ForeignPorts(nb);
        var use = new ForeignUse(nb, ports, leadership, transactions, signals);
        return new(ports, use, new(use, macPrefix, leadership, transactions, signals));
    }
}
