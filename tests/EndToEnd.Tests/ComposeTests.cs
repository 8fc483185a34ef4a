using System.Text.RegularExpressions;
using Npgsql;
using TestServers;
using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.NamingConventions;

namespace EndToEnd.Tests;

/// <summary>
/// Tests docker-compose.yml without Docker: runs the commands, environment and health check of the file as processes in one network
/// namespace, where the names of the services resolve to loopback. Only the files of the images (/app, /var/lib/ovn, /run/ovn) and
/// PostgreSQL are replaced.
/// </summary>
public sealed partial class ComposeTests
{
    private static readonly Dictionary<string, string> Variables = new() { ["NEST_DB_PASSWORD"] = "0123456789abcdef" };

    [Fact]
    public async Task The_services_commands_start_a_ready_API_that_writes_to_the_northbound_database()
    {
        await using var sandbox = await Sandbox.UpAsync("compose");
        await using var postgres = await PostgresServer.StartNewAsync();
        var services = Read(Variables).Services;
        await sandbox.ShellAsync("compose", $"echo 127.0.0.1 {string.Join(' ', services.Keys)} >> /etc/hosts");
        var files = await ImageFilesAsync(sandbox, postgres, services["postgres"]);

        var processes = new Dictionary<string, ChildProcess>();
        try
        {
            foreach (var name in InOrder(services, "api").Where(name => name != "postgres"))
            {
                var command = services[name].Command;
                processes[name] = sandbox.Start("compose", Replace(command, files), Environment(services[name], files));
                if (services.Values.Any(other => other.AwaitsEndOf(name)))
                {
                    await processes[name].WaitForExitAsync();
                    Assert.True(processes[name].ExitCode == 0, processes[name].LastOutput);
                }
            }

            var healthcheck = services["api"].Healthcheck!.Test.Skip(1).ToArray();
            await Eventually.Becomes(
                "the health check of the API succeeds",
                async () => (Healthy: await sandbox.SucceedsAsync("compose", healthcheck), processes["api"].LastOutput),
                state => state.Healthy
            );
            await CreateNetworkAsync(sandbox, services["api"], files);
            var switches = await sandbox.ExecAsync("compose", "ovn-nbctl", $"--db=unix:{files["/run/ovn"]}/nb.sock", "ls-list");
            Assert.Contains("(dmz)", switches, StringComparison.Ordinal);
        }
        finally
        {
            foreach (var process in processes.Values)
            {
                await process.DisposeAsync();
            }
        }
    }

    /// <summary>
    /// Runs the first block of commands in a document. Its <c>docker</c> is a script that fails, like docker compose, if a required
    /// variable is neither in the environment nor in the file <c>.env</c>.
    /// </summary>
    [Theory]
    [InlineData("docker-compose.yml", @"(?:^#   .*\n)+")]
    [InlineData("README.md", @"(?s)(?<=\n## Deploying\n.*?```console\n).*?(?=```)")]
    public async Task Every_documented_docker_command_has_the_variables_that_the_file_requires(string document, string block)
    {
        var folder = Directory.CreateTempSubdirectory("nest-compose-").FullName;
        try
        {
            var docker = Path.Combine(folder, "docker");
            var tests = RequiredVariables().Select(name => $"[ -n \"${name}\" ] || grep -qs '^{name}=.' .env || exit 1\n");
            await File.WriteAllTextAsync(docker, $"#!/bin/sh\n{string.Concat(tests)}echo called\n");

            var text = await File.ReadAllTextAsync(Path.Combine(Programs.Root, document));
            var commands = Regex.Match(text, block, RegexOptions.Multiline).Value.Replace("#   ", "", StringComparison.Ordinal);
            var output = await ChildProcess.RunAsync("sh", ["-euc", $"cd {folder}; chmod +x docker; PATH=.:$PATH\n{commands}"]);

            Assert.Equal(2, output.Split("called").Length - 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Every_published_port_is_on_loopback() =>
        Assert.All(Read(Variables).Services.Values.SelectMany(service => service.Ports), port =>
            Assert.StartsWith("127.0.0.1:", port, StringComparison.Ordinal)
        );

    [Fact]
    public void A_database_password_is_required() =>
        Assert.Contains("NEST_DB_PASSWORD", Assert.Throws<InvalidOperationException>(() => Read([])).Message, StringComparison.Ordinal);

    [Fact]
    public void The_privileged_agent_starts_only_with_its_profile() =>
        Assert.All(Read(Variables).Services.Where(service => service.Value.Privileged), service =>
            Assert.Equal(["agent"], service.Value.Profiles)
        );

    /// <summary>Sends a request to the API with a key that is created as the head of the file describes.</summary>
    private static async Task CreateNetworkAsync(Sandbox sandbox, Service api, Dictionary<string, string> files)
    {
        string[] createKey = [.. Replace(api.Command, files), "create-key", "--name", "admin", "--role", "admin"];
        var key = await ChildProcess.RunAsync(Programs.Sandbox, ["exec", sandbox.Folder, "compose", .. createKey], Environment(api, files));
        string[] curl = ["curl", "-sS", "--fail-with-body", "-X", "PUT", "-H", $"Authorization: Bearer {key.Trim()}"];
        await sandbox.ExecAsync("compose", [.. curl, "--json", """{"spec":{}}""", "http://api:8080/v1/networks/dmz?wait=30s"]);
    }

    private static IEnumerable<string> RequiredVariables() =>
        Variable()
            .Matches(CommentLine().Replace(File.ReadAllText(Path.Combine(Programs.Root, "docker-compose.yml")), ""))
            .Where(match => match.Groups["how"].Value == ":?")
            .Select(match => match.Groups["name"].Value)
            .Distinct();

    /// <summary>Replaces paths of an image by the paths of the files that stand for them.</summary>
    private static string Replace(string text, Dictionary<string, string> files) =>
        files.Aggregate(text, (result, file) => result.Replace(file.Key, file.Value, StringComparison.Ordinal));

    private static IEnumerable<string> Replace(IEnumerable<string> texts, Dictionary<string, string> files) =>
        texts.Select(text => Replace(text, files));

    private static Dictionary<string, string?> Environment(Service service, Dictionary<string, string> files) =>
        service.Environment.ToDictionary(pair => pair.Key, pair => (string?)Replace(pair.Value, files));

    /// <summary>Creates what the images contain. Returns the paths of the files by their path in an image.</summary>
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
            // PostgreSQL runs in the machine's network namespace, so the services connect to its unix socket.
            ["Host=postgres"] = $"Host={at.Host};Port={at.Port}",
        };
    }

    /// <summary>Returns a service and all its dependencies, dependencies first.</summary>
    private static IEnumerable<string> InOrder(IReadOnlyDictionary<string, Service> services, string name) =>
        services[name].Dependencies.SelectMany(dependency => InOrder(services, dependency)).Append(name).Distinct();

    /// <summary>Reads docker-compose.yml with variables replaced as docker compose does.</summary>
    private static ComposeFile Read(Dictionary<string, string> variables)
    {
        var text = File.ReadAllText(Path.Combine(Programs.Root, "docker-compose.yml"));
        // Variables in comments are not replaced.
        text = CommentLine().Replace(text, "");
        text = Variable()
            .Replace(text, match => match.Groups switch
                {
                    _ when match.Value == "$$" => "$",
                    var groups when variables.TryGetValue(groups["name"].Value, out var value) => value,
                    var groups when groups["how"].Value == ":-" => groups["rest"].Value,
                    var groups => throw new InvalidOperationException($"The variable {groups["name"]} is not set: {groups["rest"]}"),
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

        /// <summary>A list of services, or a map from a service to a condition.</summary>
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

        /// <summary>Whether this service starts only after another service has completed.</summary>
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
