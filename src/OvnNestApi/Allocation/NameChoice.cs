using OvnNestApi.Problems;

namespace OvnNestApi.Allocation;

/// <summary>
/// Chooses the names for a list of requests. A resource keeps the name that it has; then names are given to the resources that request
/// them; then the others get the best name that is left. No I/O.
/// </summary>
internal sealed class NameChoice
{
    private readonly IReadOnlyList<NameRequest> _requests;
    private readonly IReadOnlyDictionary<ScopedName, Guid> _holders;
    private readonly HashSet<Guid> _owners;
    private readonly ScopedName?[][] _names;
    private readonly Dictionary<ScopedName, Guid> _chosen = [];

    /// <param name="holders">Present holder of each claimed name among the candidates, and all names of the owners.</param>
    public NameChoice(IReadOnlyList<NameRequest> requests, IReadOnlyDictionary<ScopedName, Guid> holders)
    {
        (_requests, _holders) = (requests, holders);
        _owners = [.. requests.Select(request => request.Owner)];
        _names = [.. requests.Select(request => new ScopedName?[request.Claims.Count])];
        ChooseEach((request, claim) => claim.Candidates(request.Owner).Take(1).Where(name => IsHeld(request, name)));
        ChooseEach((request, claim) => claim.Asked is null ? [] : claim.Candidates(request.Owner));
        ChooseEach((request, claim) => claim.Candidates(request.Owner));
    }

    /// <summary>One answer for each request, in order: its names in the order of its claims, or 409 <c>name-taken</c>.</summary>
    public IReadOnlyList<Answer<string[]>> Answers => [.. _requests.Select(AnswerTo)];

    /// <summary>Names that their owners no longer need, and that no other request has got.</summary>
    public IEnumerable<ScopedName> Released =>
        _holders.Where(held => _owners.Contains(held.Value) && !_chosen.ContainsKey(held.Key)).Select(held => held.Key);

    /// <summary>Names that pass from one holder to another, with the new holder.</summary>
    public IEnumerable<KeyValuePair<ScopedName, Guid>> Passed =>
        _chosen.Where(chosen => _holders.TryGetValue(chosen.Key, out var holder) && holder != chosen.Value);

    /// <summary>Names that were free, with the holder.</summary>
    public IEnumerable<KeyValuePair<ScopedName, Guid>> Added => _chosen.Where(chosen => !_holders.ContainsKey(chosen.Key));

    private void ChooseEach(Func<NameRequest, Claim, IEnumerable<ScopedName>> candidates)
    {
        foreach (var (request, names) in _requests.Zip(_names))
        {
            for (var i = 0; i < names.Length; i++)
            {
                names[i] ??= Choose(request, candidates(request, request.Claims[i]));
            }
        }
    }

    private ScopedName? Choose(NameRequest request, IEnumerable<ScopedName> candidates)
    {
        foreach (var name in candidates)
        {
            if (IsAvailable(request, name) && _chosen.TryAdd(name, request.Owner))
            {
                return name;
            }
        }

        return null;
    }

    /// <summary>A name that another owner of the list holds is available, unless that owner has already chosen to keep it.</summary>
    private bool IsAvailable(NameRequest request, ScopedName name) =>
        !_holders.TryGetValue(name, out var holder) || request.IsHeldBy(holder) || _owners.Contains(holder);

    private bool IsHeld(NameRequest request, ScopedName name) => _holders.TryGetValue(name, out var holder) && request.IsHeldBy(holder);

    private Answer<string[]> AnswerTo(NameRequest request, int index)
    {
        var names = _names[index];
        var missing = Array.IndexOf(names, null);
        if (missing < 0)
        {
            return names.OfType<ScopedName>().Select(name => name.Name).ToArray();
        }

        var claim = request.Claims[missing];
        return Problem.NameTaken($"#/spec/{claim.Field}", claim.Refusal());
    }
}
