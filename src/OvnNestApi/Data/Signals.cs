using System.Collections.Concurrent;

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
