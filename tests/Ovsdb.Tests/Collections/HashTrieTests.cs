using CsCheck;

namespace Ovsdb.Tests;

public sealed class HashTrieTests
{
    // Few different hashes, so that many keys have the same hash or the same first bits.
    private static readonly Gen<Entry> Entries = Gen.Select(Gen.Int[0, 60], Gen.Int[0, 9], (key, value) => new Entry(new Key(key), value));

    [Fact]
    public void A_trie_equals_a_dictionary_after_the_same_changes() =>
        Gen.Select(Entries, Gen.Bool)
            .List[0, 200]
            .Sample(changes =>
            {
                var (trie, expected, edit) = (default(HashTrie<Key, Entry>), new Dictionary<Key, Entry>(), new TrieEdit());
                foreach (var (entry, removes) in changes)
                {
                    trie = removes ? trie.Without(entry.Key, edit) : trie.With(entry, edit);
                    if (removes)
                    {
                        expected.Remove(entry.Key);
                    }
                    else
                    {
                        expected[entry.Key] = entry;
                    }
                }
                MustHold(expected, trie);
            });

    [Fact]
    public void A_trie_created_from_many_entries_equals_one_filled_entry_by_entry() =>
        Entries
            .Array[0, 200]
            .Sample(entries =>
            {
                var expected = new Dictionary<Key, Entry>();
                foreach (var entry in entries)
                {
                    expected[entry.Key] = expected.TryGetValue(entry.Key, out var present) ? Sum(present, entry) : entry;
                }

                MustHold(expected, HashTrie<Key, Entry>.Create(entries, Sum));

                static Entry Sum(Entry a, Entry b) => new(a.Key, a.Value + b.Value);
            });

    [Fact]
    public void A_change_does_not_affect_the_previous_version() =>
        Gen.Select(Entries.Array[0, 100], Gen.Select(Entries, Gen.Bool).List[1, 20])
            .Sample(
                (entries, changes) =>
                {
                    var before = HashTrie<Key, Entry>.Create(entries, static (_, last) => last);
                    var expected = before.ToDictionary();
                    var (after, edit) = (before, new TrieEdit());
                    foreach (var (entry, removes) in changes)
                    {
                        after = removes ? after.Without(entry.Key, edit) : after.With(entry, edit);
                    }

                    MustHold(expected, before);
                }
            );

    private static void MustHold(Dictionary<Key, Entry> expected, HashTrie<Key, Entry> trie)
    {
        Assert.Equal(expected.Count, trie.Count);
        Assert.Equal(expected.OrderBy(pair => pair.Key.Number), trie.OrderBy(pair => pair.Key.Number));
        for (var i = 0; i <= 60; i++)
        {
            Assert.Equal(expected.GetValueOrDefault(new Key(i)), trie.Find(new Key(i)));
        }
    }

    private readonly record struct Key(int Number)
    {
        public override int GetHashCode() => (Number % 7 << 28) | (Number % 3);
    }

    private sealed record Entry(Key Key, int Value) : IKeyed<Key>;
}
