namespace OvnNestApi.Agent;

/// <summary>Pause after a pass that did not reach the wanted state. It doubles from the first to the longest pause.</summary>
internal sealed class PassBackoff(TimeSpan first, TimeSpan longest)
{
    private readonly TimeSpan _first = first;
    private TimeSpan _next = first;

    /// <summary>Starts with the first pause again.</summary>
    public void Reset() => _next = _first;

    public TimeSpan Next()
    {
        var pause = _next;
        var doubled = pause * 2;
        _next = doubled < longest ? doubled : longest;
        return pause;
    }
}
