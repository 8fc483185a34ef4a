using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace TestServers;

/// <summary>A child process of a test. Its output is kept; it is stopped on dispose, and killed when the test process exits.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int KeptCharacters = 256 * 1024;
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StreamWriter? _log;

    private ChildProcess(Process process, string? logFile)
    {
        _process = process;
        _log = logFile is null ? null : new StreamWriter(logFile, append: true) { AutoFlush = true };
        _process.OutputDataReceived += (_, line) => Keep(line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(line.Data);
        AppDomain.CurrentDomain.ProcessExit += KillAtExit;
    }

    /// <summary>The process id. The kernel may reuse it after the process has exited (<see cref="HasExited"/>).</summary>
    public int Id => _process.Id;

    /// <summary>Whether the process has exited.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit code; 128 + the signal's number if a signal ended the process. Available after the process has exited.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last 256 Ki characters of standard output and standard error, in order of arrival.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>The last 4000 characters of <see cref="Output"/>, for the message of a failure.</summary>
    public string LastOutput => Output is { Length: > 4000 } output ? "…" + output[^4000..] : Output;

    /// <summary>Starts a program with an empty standard input.</summary>
    /// <param name="program">A path, or a name to find in PATH.</param>
    /// <param name="environment">Changes to the environment of the test process; a null value removes the variable.</param>
    /// <param name="logFile">A file to which all output is appended; null for none.</param>
    public static ChildProcess Start(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? logFile = null
    )
    {
        var child = new ChildProcess(new Process { StartInfo = StartInfo(program, arguments, environment) }, logFile);
        child._process.Start();
        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    /// <summary>Runs a program until it exits, and returns its standard output.</summary>
    /// <param name="input">The standard input; null if empty.</param>
    /// <exception cref="ProgramFailedException">The exit code is not 0.</exception>
    public static async Task<string> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? input = null,
        CancellationToken cancellationToken = default
    )
    {
        var list = arguments.ToList();
        using var process = new Process { StartInfo = StartInfo(program, list, environment) };
        process.Start();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var error = process.StandardError.ReadToEndAsync(cancellationToken);
            await using (process.StandardInput)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), cancellationToken);
            }

            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode == 0
                ? await output
                : throw new ProgramFailedException($"{program} {string.Join(' ', list)}", process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }

    /// <summary>Waits until a line of the output contains the text, and returns that line.</summary>
    /// <exception cref="TimeoutException">
    /// The line did not appear within the deadline, or the process exited without writing it.
    /// </exception>
    public async Task<string> WaitForLineAsync(string text, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        var line = await Eventually.Becomes(
            $"{_process.StartInfo.FileName} writes '{text}'",
            () => (Line: Output.Split('\n').FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)), Ended: HasExited, Output),
            seen => seen.Line is not null || seen.Ended,
            deadline,
            cancellationToken
        );
        return line.Line
            ?? throw new TimeoutException($"{_process.StartInfo.FileName} exited with {ExitCode} and never wrote '{text}':\n{LastOutput}");
    }

    /// <summary>Sends a signal (default: SIGTERM) and waits until the process has exited; kills it after 20 s.</summary>
    public async Task StopAsync(Signal signal = Signal.Terminate)
    {
        Send(signal);
        try
        {
            await WaitForExitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    /// <summary>Kills the process (SIGKILL) and waits until it has exited.</summary>
    public Task KillAsync()
    {
        Send(Signal.Kill);
        return WaitForExitAsync();
    }

    /// <summary>Waits until the process has exited.</summary>
    /// <remarks>Does not wait for the end of its output, because a daemon that it started may keep the pipe open.</remarks>
    public Task WaitForExitAsync(TimeSpan? deadline = null) =>
        Eventually.Holds($"{_process.StartInfo.FileName} exits", () => HasExited, deadline);

    /// <summary>
    /// Sends a signal if the process still runs. <see cref="Signal.Pause"/> makes it hang until <see cref="Signal.Continue"/>.
    /// </summary>
    public void Send(Signal signal)
    {
        if (!_process.HasExited)
        {
            _ = kill(_process.Id, (int)signal);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            Send(Signal.Continue);
            await StopAsync();
        }
        AppDomain.CurrentDomain.ProcessExit -= KillAtExit;
        _process.Dispose();
        if (_log is not null)
        {
            await _log.DisposeAsync();
        }
    }

    /// <summary>Sends a signal and waits synchronously, for handlers of the test process's exit, which cannot await.</summary>
    internal void End(Signal signal, TimeSpan patience)
    {
        Send(signal);
        _process.WaitForExit(patience);
    }

    private static ProcessStartInfo StartInfo(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string?>())
        {
            start.Environment[name] = value;
        }

        return start;
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.Append(line).Append('\n');
            if (_output.Length > KeptCharacters)
            {
                _output.Remove(0, _output.Length - KeptCharacters / 2);
            }

            _log?.WriteLine(line);
        }
    }

    private void KillAtExit(object? sender, EventArgs e) => Send(Signal.Kill);

    // kill(2), because System.Diagnostics.Process sends SIGKILL only.
    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}

/// <summary>Signals that tests send, with their numbers on x86 and ARM (signal(7)).</summary>
public enum Signal
{
    /// <summary>SIGINT.</summary>
    Interrupt = 2,

    /// <summary>SIGQUIT. PostgreSQL shuts down immediately: like a crash, except that it frees its shared memory.</summary>
    Quit = 3,

    /// <summary>SIGKILL.</summary>
    Kill = 9,

    /// <summary>SIGTERM.</summary>
    Terminate = 15,

    /// <summary>SIGCONT.</summary>
    Continue = 18,

    /// <summary>SIGSTOP.</summary>
    Pause = 19,
}

/// <summary>A program exited with a code other than 0.</summary>
public sealed class ProgramFailedException(string command, int exitCode, string output, string error)
    : Exception($"{command} exited with {exitCode}\n{output}{error}")
{
    /// <summary>The exit code.</summary>
    public int ExitCode => exitCode;

    /// <summary>Its standard output.</summary>
    public string StandardOutput => output;

    /// <summary>Its standard error.</summary>
    public string StandardError => error;
}
