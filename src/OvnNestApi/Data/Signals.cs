using System.Collections.Concurrent;
using OvnNestApi.Schema;

namespace OvnNestApi.Data;

/// <summary>The wake-ups of this process. They are hints: whoever loses one finds the state at its next look.</summary>
public sealed class Signals
{
    private readonly ConcurrentDictionary<Guid, Signal> _work = new();

    /// <summary>Desired state is dirty: the reconciler looks again.</summary>
    public Signal Dirty { get; } = new();

    /// <summary>The condition of some object may have changed: who waits for one looks again.</summary>
    public Signal Status { get; } = new();

    /// <summary>The work of one host may have changed: its poll looks again.</summary>
    public Signal Work(Guid host) => _work.GetOrAdd(host, _ => new());

    /// <summary>Other processes' wake-ups come through, so there is no need to look often without one.</summary>
    public bool IsRelayed { get; set; }

    /// <summary>This process wrote something that other processes have not been told of yet.</summary>
    public Signal Outgoing { get; } = new();

    /// <summary>To be called after a commit: wakes whoever waits, here at once, in other processes soon.</summary>
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

    /// <summary>The same after a commit that concerns neither the NB nor a host: whoever follows the changes.</summary>
    public void Logged()
    {
        Status.Set();
        Outgoing.Set();
    }

    /// <summary>Another process wrote something: everybody looks again.</summary>
    public void All()
    {
        Dirty.Set();
        Status.Set();
        foreach (var host in _work.Values)
        {
            host.Set();
        }
    }
}
