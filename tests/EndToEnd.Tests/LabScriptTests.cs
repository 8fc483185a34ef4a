using TestServers;

namespace EndToEnd.Tests;

/// <summary>The scripts of <c>./dev up</c>: one command at a time per lab, and no lab uses the API of another one.</summary>
public sealed class LabScriptTests(Lab lab) : IDisposable
{
    private readonly string _run = Directory.CreateTempSubdirectory("nest-run-").FullName;

    public void Dispose() => Directory.Delete(_run, recursive: true);

    [Fact]
    public async Task Two_commands_of_one_lab_run_one_after_the_other_and_the_second_says_that_it_waits()
    {
        // The first command leaves a process behind, as ./dev up does. It must not hold the lock.
        await File.WriteAllTextAsync(
            Path.Combine(_run, "command"),
            """
            set -euo pipefail
            source lab/processes.sh
            RUN=$(dirname "$0")
            lock_lab "$RUN" bash "$0"
            mkdir "$RUN/busy"
            touch "$RUN/started"
            until [[ -e $RUN/go ]]; do sleep 0.02; done
            setsid sleep 60 </dev/null >/dev/null 2>&1 &
            echo $! >>"$RUN/left"
            rmdir "$RUN/busy"
            """
        );
        var start = $"cd {Programs.Root} && bash {_run}/command";
        var first = ChildProcess.RunAsync("bash", ["-c", start]);
        await Eventually.Holds("the first command runs", () => File.Exists(Path.Combine(_run, "started")));
        await using var second = ChildProcess.Start("bash", ["-c", start]);
        await Eventually.Holds("the second command waits", () => second.Output.Contains("waiting for its end", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(_run, "go"), "");

        await first;
        await second.WaitForExitAsync();

        Assert.Equal(0, second.ExitCode);
        var left = await File.ReadAllLinesAsync(Path.Combine(_run, "left"));
        Assert.Equal(2, left.Length);
        await ChildProcess.RunAsync("kill", left);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lab_recognizes_its_own_API_by_its_key(bool isOwn)
    {
        await File.WriteAllTextAsync(Path.Combine(_run, "url"), lab.Server.Url.ToString().TrimEnd('/'));
        var key = isOwn ? lab.Server.AdminKey : "nest_of-another-lab";
        await File.WriteAllTextAsync(Path.Combine(_run, "header"), $"Authorization: Bearer {key}\n");
        var script = $"cd {Programs.Root} && source lab/service.sh && RUN={_run} && if is_own_api; then echo own; else echo foreign; fi";

        Assert.Equal(isOwn ? "own" : "foreign", (await ChildProcess.RunAsync("bash", ["-c", script])).Trim());
    }

    [Fact]
    public async Task An_API_that_lost_its_port_to_another_program_is_started_on_the_next_one()
    {
        // The API of another lab answers on the port, and the process that was started has ended.
        await File.WriteAllTextAsync(Path.Combine(_run, "url"), lab.Server.Url.ToString().TrimEnd('/'));
        await File.WriteAllTextAsync(Path.Combine(_run, "header"), "Authorization: Bearer nest_of-another-lab\n");
        var script = $$"""
            cd {{Programs.Root}} && source lab/processes.sh && source lab/service.sh && RUN={{_run}}
            true & echo $! >"$RUN/api.pid"; wait
            if await_api {{lab.Server.Url.Port}}; then echo ready; else echo next; fi
            """;

        Assert.Equal("next", (await ChildProcess.RunAsync("bash", ["-c", script])).Trim());
    }
}
