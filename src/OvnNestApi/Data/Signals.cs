using System.Collections.Concurrent;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>Wake-ups inside this process. They are hints: every waiter also checks the state periodically.</summary>
public sealed class Signals
{
    private readonly ConcurrentDictionary<Guid, Signal> _work = new();
    private readonly ConcurrentDictionary<Guid, Signal> _checks = new();

    /// <summary>A resource is dirty; wakes the reconciler.</summary>
    public Signal Dirty { get; } = new();

    /// <summary>A condition may have changed, or the change log has grown; wakes held requests.</summary>
    public Signal Status { get; } = new();

    /// <summary>Returns the signal that the work of one host may have changed; wakes the poll of its agent.</summary>
    public Signal Work(Guid host) => _work.GetOrAdd(host, _ => new());

    /// <summary>Returns the signal that a check waits for the agent of one host; wakes the poll of the agent for checks.</summary>
    public Signal Checks(Guid host) => _checks.GetOrAdd(host, _ => new());

    /// <summary>True while wake-ups of other processes are received; then periodic checks can be less frequent.</summary>
    public bool IsRelayed { get; set; }

    /// <summary>This process has committed a change; wakes <see cref="SignalRelay"/>, which notifies other processes.</summary>
    public Signal Outgoing { get; } = new();

    /// <summary>Call after a commit: sends all wake-ups, in this process at once, in other processes soon.</summary>
    public void Written(NestDb db)
    {
        Dirty.Set();
        foreach (var host in db.TouchedHosts)
        {
            Work(host).Set();
        }

        db.TouchedHosts.Clear();
        Logged();
    }

    /// <summary>Call after the commit of a check that waits for the agent of this host.</summary>
    public void Requested(Guid host)
    {
        Checks(host).Set();
        Outgoing.Set();
    }

    /// <summary>Call after a commit that affects neither the NB nor a host: wakes only held requests.</summary>
    public void Logged()
    {
        Status.Set();
        Outgoing.Set();
    }
}
