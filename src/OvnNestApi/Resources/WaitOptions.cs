using OvnNestApi.Http;
using OvnNestApi.Problems;

namespace OvnNestApi.Resources;

/// <summary>Query parameters of a wait.</summary>
/// <param name="State">State to wait for: "ready" or "gone".</param>
/// <param name="Timeout">Longest time to wait, at most 60 s.</param>
internal sealed record WaitOptions(string State, TimeSpan Timeout)
{
    /// <summary>True to wait until the resource is gone; false to wait until it is ready.</summary>
    public bool ForGone => State == "gone";

    public static Answer<WaitOptions> Of(HttpRequest request)
    {
        var query = new Query(request);
        var state = query.Text("for") ?? "ready";
        var timeout = query.Duration("timeout") ?? TimeSpan.FromSeconds(30);
        if (query.Problem is { } problem)
        {
            return problem;
        }

        return state is "ready" or "gone" ? new WaitOptions(state, timeout) : Problem.InvalidParameter("for must be ready or gone.");
    }
}
