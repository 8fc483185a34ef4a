using OvnNestApi.Containers;
using OvnNestApi.Data;
using OvnNestApi.Hosts;
using OvnNestApi.Networks;
using OvnNestApi.Routers;
using OvnNestApi.Vms;

namespace OvnNestApi.Conditions;

/// <summary>
/// Who has been heard of, by the database's clock, at one moment: what no living process may be left to write. Read once a request, it turns
/// the stored conditions into the present ones.
/// </summary>
internal sealed record Liveness
{
    /// <summary>One query.</summary>
    public static Task<Liveness> ReadAsync(NestDb db, HostOptions options, CancellationToken cancellationToken) => throw new NotImplementedException();

    public Condition Of(Network network) => throw new NotImplementedException();

    public Condition Of(Router router) => throw new NotImplementedException();

    public Condition Of(Host host) => throw new NotImplementedException();

    public Condition Of(Vm vm) => throw new NotImplementedException();

    public Condition Of(Container container, Vm vm) => throw new NotImplementedException();
}
