using System.Diagnostics;
using TestServers;

namespace EndToEnd.Tests.World;

/// <summary>
/// Everything fails at random while clients and another program change everything at random; whenever it is quiet, all agree, and nothing
/// exists twice.
/// </summary>
public sealed class WorldSoakTests
{
    private const int Clients = 4;

    /// <summary>Seconds of the run: one round in <c>./dev test</c>, an hour in <c>./dev soak world</c>.</summary>
    private static TimeSpan Duration => TimeSpan.FromSeconds(Soak.Size("world", 1, 3600));

    [Fact, Trait(Soak.Trait, "world")]
    public async Task Whatever_fails_and_whatever_others_do_everything_agrees_when_it_is_quiet()
    {
        Lab.Log($"NEST_SEED={Soak.Seed}");
        await using var world = await World.StartAsync();
        foreach (var network in new[] { 1, 2 })
        {
            (await world.AskAsync(HttpMethod.Put, "/v1/routers/wr", Lab.Spec("{}"))).EnsureSuccess();
            var spec = $$"""{"subnet":"10.7{{network}}.0.0/24","gateway":"10.7{{network}}.0.1","router":"wr"}""";
            (await world.AskAsync(HttpMethod.Put, $"/v1/networks/w{network}", Lab.Spec(spec))).EnsureSuccess();
        }

        var findings = new Findings();
        await new Run(world, new Random(Soak.Seed), findings).RunAsync(Duration);
        Assert.True(findings.All.Count == 0, $"NEST_SEED={Soak.Seed}\n{string.Join('\n', findings.All)}");
    }

    private sealed class Run
    {
        private readonly World _world;
        private readonly Random _random;
        private readonly List<Client> _clients;
        private readonly Foreigner _foreigner;
        private readonly Faults _faults;
        private readonly Inspection _inspection;
        private readonly List<double> _convergence = [];
        private string? _olderDatabase;

        public Run(World world, Random random, Findings findings)
        {
            (_world, _random) = (world, random);
            _clients = [.. Enumerable.Range(0, Clients).Select(n => new Client(world, n, new Random(random.Next()), findings))];
            _foreigner = new(world, new Random(random.Next()), findings);
            _faults = new(world, new Random(random.Next()));
            _inspection = new(world, findings);
        }

        public async Task RunAsync(TimeSpan duration)
        {
            var start = Stopwatch.GetTimestamp();
            for (var round = 1; round == 1 || Stopwatch.GetElapsedTime(start) < duration; round++)
            {
                var faults = await DisturbAsync();
                await ReplaceAsync(faults);
                var took = await _inspection.ConvergedAsync();
                _convergence.Add(took.TotalSeconds);
                await CheckAsync();
                var minutes = Stopwatch.GetElapsedTime(start).TotalMinutes;
                Lab.Log($"{minutes, 5:0.0} min, round {round}: {string.Join("; ", faults)}; quiet after {took.TotalSeconds:0.0} s");
            }

            Lab.Log(
                $"{_convergence.Count} rounds, {_clients.Sum(client => client.Requests)} requests; converged in "
                    + $"{_convergence.Order().ElementAt(_convergence.Count / 2):0.0} s (median), {_convergence.Max():0.0} s (worst); "
                    + $"brake released {_inspection.Released} times"
            );
        }

        /// <summary>Clients, another program and faults at the same time.</summary>
        private async Task<List<string>> DisturbAsync()
        {
            var work = _clients.ConvertAll(client => client.RunAsync(12));
            work.Add(_foreigner.RunAsync(4));
            var faults = new List<string>();
            for (var count = 1 + _random.Next(3); count > 0; count--)
            {
                faults.Add(await _faults.RunAnyAsync());
            }

            await Task.WhenAll(work);
            return faults;
        }

        /// <summary>Sometimes replaces the NB or the API's database by an older one, after which lost changes are no finding.</summary>
        private async Task ReplaceAsync(List<string> faults)
        {
            switch (_random.Next(8))
            {
                case 0:
                    await _faults.BackUpNorthboundAsync();
                    break;
                case 1:
                    faults.Add("the NB is replaced");
                    await _faults.RestoreNorthboundAsync();
                    await _foreigner.ReloadAsync();
                    break;
                case 2:
                    _olderDatabase = await _world.Postgres.CreateDatabaseFromAsync(_world.Database);
                    break;
                case 3 when _olderDatabase is not null:
                    faults.Add("PostgreSQL is restored");
                    await _world.Postgres.ReplaceDatabaseAsync(_world.Database, _olderDatabase);
                    _clients.ForEach(client => client.Forget());
                    break;
            }
        }

        private async Task CheckAsync()
        {
            foreach (var client in _clients)
            {
                await client.CheckAsync();
            }

            await _foreigner.CheckAsync();
            await _inspection.CheckOnceAsync();
            await _inspection.CheckPingsAsync();
        }
    }
}
