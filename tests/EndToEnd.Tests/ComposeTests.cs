using System.Text.RegularExpressions;
using Npgsql;
using TestServers;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace EndToEnd.Tests;

/// <summary>
/// docker-compose.yml without Docker: the file's own commands, environment and health check, as processes in a network namespace in which the services'
/// names are loopback. Put in place of an image are only its files (/app, /var/lib/ovn, /run/ovn) and PostgreSQL.
/// </summary>
public sealed partial class ComposeTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["NEST_DB_PASSWORD"] = "0123456789abcdef" };

    [Fact]
    public async Task The_commands_of_the_compose_file_bring_the_API_to_ready_and_a_network_to_the_northbound()
    {
        await using var sandbox = await Sandbox.UpAsync("compose");
        await using var postgres = await PostgresServer.StartNewAsync();
        var services = Read(Variables).Services;
        await sandbox.ExecAsync("compose", "sh", "-c", $"echo 127.0.0.1 {string.Join(' ', services.Keys)} >> /etc/hosts");
        var files = await ImageFilesAsync(sandbox, postgres, services["postgres"]);
        string InPlace(string text) => files.Aggregate(text, (t, file) => t.Replace(file.Key, file.Value, StringComparison.Ordinal));
        IEnumerable<string> InPlaceAll(IEnumerable<string> texts) => texts.Select(InPlace);

        var processes = new Dictionary<string, ChildProcess>();
        try
        {
            foreach (var name in InOrder(services, "api").Where(name => name != "postgres"))
            {
                var service = services[name];
                processes[name] = sandbox.Start(
                    "compose",
                    InPlaceAll(service.Command),
                    service.Environment.ToDictionary(pair => pair.Key, pair => (string?)InPlace(pair.Value))
                );
                if (services.Values.Any(other => other.AwaitsEndOf(name)))
                {
                    await processes[name].ExitAsync();
                    Assert.True(processes[name].ExitCode == 0, processes[name].LastOutput);
                }
            }
            await Eventually.Becomes(
                "the API's own health check passes",
                async () =>
                    (
                        Healthy: await sandbox.SucceedsAsync("compose", [.. services["api"].Healthcheck!.Test.Skip(1)]),
                        processes["api"].LastOutput
                    ),
                it => it.Healthy
            );

            // As the file's head tells it.
            var key = await ChildProcess.RunAsync(
                Programs.Sandbox,
                [
                    "exec",
                    sandbox.Folder,
                    "compose",
                    .. InPlaceAll(services["api"].Command),
                    "create-key",
                    "--name",
                    "admin",
                    "--role",
                    "admin",
                ],
                services["api"].Environment.ToDictionary(pair => pair.Key, pair => (string?)InPlace(pair.Value))
            );
            await sandbox.ExecAsync(
                "compose",
                "curl",
                "-sS",
                "--fail-with-body",
                "-X",
                "PUT",
                "-H",
                $"Authorization: Bearer {key.Trim()}",
                "--json",
                """{"spec":{}}""",
                "http://api:8080/v1/networks/dmz?wait=30s"
            );
            Assert.Contains(
                "(dmz)",
                await sandbox.ExecAsync("compose", "ovn-nbctl", $"--db=unix:{files["/run/ovn"]}/nb.sock", "ls-list"),
                StringComparison.Ordinal
            );
        }
        finally
        {
            foreach (var process in processes.Values)
            {
                await process.DisposeAsync();
            }
        }
    }

    [Fact]
    public void Nothing_is_published_but_on_loopback() =>
        Assert.All(Read(Variables).Services.Values.SelectMany(service => service.Ports), port =>
            Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal)
        );

    [Fact]
    public void No_service_starts_without_a_password_of_the_operators_own() =>
        Assert.Contains("NEST_DB_PASSWORD", Assert.Throws<InvalidOperationException>(() => Read([])).Message, StringComparison.Ordinal);

    [Fact]
    public void The_privileged_agent_starts_only_where_it_is_asked_for() =>
        Assert.All(Read(Variables).Services.Where(service => service.Value.Privileged), service =>
            Assert.Equal(["agent"], service.Value.Profiles)
        );

    /// <summary>What the images hold, by the path that it has there.</summary>
    private static async Task<Dictionary<string, string>> ImageFilesAsync(Sandbox sandbox, PostgresServer postgres, Service database)
    {
        var folder = Path.Combine(sandbox.Folder, "compose", "image");
        foreach (var name in new[] { "nb", "sb" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
            await ChildProcess.RunAsync(
                "ovsdb-tool",
                ["create", Path.Combine(folder, name, name + ".db"), $"/usr/share/ovn/ovn-{name}.ovsschema"]
            );
        }
        var administrator = await postgres.CreateDatabaseAsync();
        await using var source = NpgsqlDataSource.Create(administrator);
        var (user, password) = (database.Environment["POSTGRES_USER"], database.Environment["POSTGRES_PASSWORD"]);
        await source.CreateCommand($"CREATE ROLE {user} SUPERUSER LOGIN PASSWORD '{password}'").ExecuteNonQueryAsync();
        await source.CreateCommand($"CREATE DATABASE {database.Environment["POSTGRES_DB"]} OWNER {user}").ExecuteNonQueryAsync();
        var at = new NpgsqlConnectionStringBuilder(administrator);
        return new Dictionary<string, string>
        {
            ["/app/api/OvnNestApi.dll"] = Programs.Api,
            ["/app/migrations/OvnNestApi.Migrations.dll"] = Programs.Migrations,
            ["/var/lib/ovn"] = folder,
            ["/run/ovn"] = folder,
            // It listens in the machine's own namespace, which the others cannot reach but through a file.
            ["Host=postgres"] = $"Host={at.Host};Port={at.Port}",
        };
    }

    private static IEnumerable<string> InOrder(IReadOnlyDictionary<string, Service> services, string name) =>
        services[name].Dependencies.SelectMany(dependency => InOrder(services, dependency)).Append(name).Distinct();

    private static ComposeFile Read(Dictionary<string, string> variables)
    {
        var text = File.ReadAllText(Path.Combine(Programs.Root, "docker-compose.yml"));
        // Comments may name variables of the operator's shell.
        text = CommentLine().Replace(text, "");
        text = Variable()
            .Replace(text, match => match.Groups switch
                {
                    _ when match.Value == "$$" => "$",
                    var groups when variables.TryGetValue(groups["name"].Value, out var value) => value,
                    var groups when groups["how"].Value == ":-" => groups["rest"].Value,
                    var groups => throw new InvalidOperationException($"{groups["name"]} is not set: {groups["rest"]}"),
                });
        return new DeserializerBuilder()
            .WithNamingConvention(UnderscoredNamingConvention.Instance)
            .IgnoreUnmatchedProperties()
            .Build()
            .Deserialize<ComposeFile>(new MergingParser(new Parser(new StringReader(text))));
    }

    [GeneratedRegex(@"\$\$|\$\{(?<name>\w+)(?<how>:[-?])?(?<rest>[^}]*)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^\s*#.*$", RegexOptions.Multiline)]
    private static partial Regex CommentLine();

    public sealed class ComposeFile
    {
        public Dictionary<string, Service> Services { get; set; } = [];
    }

    public sealed class Service
    {
        public List<string> Command { get; set; } = [];

        public Dictionary<string, string> Environment { get; set; } = [];

        public List<string> Ports { get; set; } = [];

        public List<string> Profiles { get; set; } = [];

        public bool Privileged { get; set; }

        public Healthcheck? Healthcheck { get; set; }

        /// <summary>A list of names, or a map from a name to a condition.</summary>
        public object? DependsOn { get; set; }

        public IEnumerable<string> Dependencies =>
            (
                DependsOn switch
                {
                    Dictionary<object, object> conditions => conditions.Keys,
                    IEnumerable<object> names => names,
                    _ => [],
                }
            ).Select(name => (string)name);

        public bool AwaitsEndOf(string service) =>
            DependsOn is Dictionary<object, object> conditions
            && conditions.TryGetValue(service, out var how)
            && how is Dictionary<object, object> condition
            && (string)condition["condition"] == "service_completed_successfully";
    }

    public sealed class Healthcheck
    {
        public List<string> Test { get; set; } = [];
    }
}
