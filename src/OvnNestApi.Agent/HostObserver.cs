using OvnNestApi.Agent.Local;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent;

/// <summary>Reads the state of the host that a plan depends on. It changes nothing.</summary>
internal sealed class HostObserver(LocalOvs ovs, DhcpClients clients, NamespaceRecords records)
{
    /// <summary>Returns the state; null if the local Open_vSwitch database cannot be read.</summary>
    public async Task<ObservedState?> ReadAsync(HostWork work)
    {
        if (ovs.Read() is not { } database)
        {
            return null;
        }

        // The network is read last. A device whose row is complete, and an address whose lease file exists, are in place before that read.
        // If the network does not have them, they were removed.
        var running = clients.Find();
        var namespaceRecords = records.Read();
        var devices = work.Vms.SelectMany(vm => vm.Containers.Select(container => container.Device).Prepend(vm.Device)).ToArray();
        var names = devices.Where(WorkValidation.HasNamespace).Select(device => device.Namespace).ToHashSet();
        var network = await NetworkReader.ReadAsync(names, withOthers: devices.Any(device => device.Workload is Workload.Port));
        return new ObservedState(database, network, namespaceRecords, running);
    }
}
