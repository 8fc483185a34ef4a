using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace TestServers;

/// <summary>A program that a test started: arguments as a vector, output kept, ended with the test (and with the test process).</summary>
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

    /// <summary>The process id. The runtime reaps an ended child, so it is that of this process only until <see cref="HasExited"/>.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>The exit status; 128 + signal if a signal ended it. Only after it has ended.</summary>
    public int ExitCode => _process.ExitCode;

    /// <summary>The last 256 Ki characters of standard output and standard error, in the order of arrival.</summary>
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

    /// <summary>The end of <see cref="Output"/>, as much as belongs into a failure's message.</summary>
    public string LastOutput => Output is { Length: > 4000 } output ? "…" + output[^4000..] : Output;

    /// <summary>Starts a program; its standard input is empty.</summary>
    /// <param name="program">A path, or a name to be found in PATH.</param>
    /// <param name="environment">Added to ours; null removes a variable.</param>
    /// <param name="logFile">A file that gets all of the output, or null.</param>
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

    /// <summary>Runs a program to its end and returns its standard output.</summary>
    /// <param name="input">Its standard input; null for none.</param>
    /// <exception cref="ProgramFailedException">It ended with another status than 0.</exception>
    public static async Task<string> RunAsync(
        string program,
        IEnumerable<string> arguments,
        IReadOnlyDictionary<string, string?>? environment = null,
        string? input = null,
        CancellationToken ct = default
    )
    {
        var list = arguments.ToList();
        using var process = new Process { StartInfo = StartInfo(program, list, environment) };
        process.Start();
        try
        {
            var (output, error) = (process.StandardOutput.ReadToEndAsync(ct), process.StandardError.ReadToEndAsync(ct));
            await using (process.StandardInput)
            {
                await process.StandardInput.WriteAsync(input.AsMemory(), ct);
            }

            await process.WaitForExitAsync(ct);
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

    /// <summary>Waits until a line of its output contains the text, and returns that line.</summary>
    /// <exception cref="TimeoutException">It does not come, or the process ended without it.</exception>
    public async Task<string> LineAsync(string text, TimeSpan? deadline = null, CancellationToken ct = default)
    {
        var line = await Eventually.Becomes(
            $"{_process.StartInfo.FileName} says '{text}'",
            () => (Line: Output.Split('\n').FirstOrDefault(l => l.Contains(text, StringComparison.Ordinal)), Ended: HasExited, Output),
            seen => seen.Line is not null || seen.Ended,
            deadline,
            ct
        );
        return line.Line
            ?? throw new TimeoutException($"{_process.StartInfo.FileName} ended with {ExitCode} and never said '{text}':\n{LastOutput}");
    }

    /// <summary>Asks it to end (SIGTERM) and waits until it has; after 20 s it is killed.</summary>
    public async Task StopAsync(Signal signal = Signal.Terminate)
    {
        Send(signal);
        try
        {
            await ExitAsync(TimeSpan.FromSeconds(20));
        }
        catch (TimeoutException)
        {
            await KillAsync();
        }
    }

    /// <summary>Ends it at once (SIGKILL) and waits until it has ended.</summary>
    public Task KillAsync()
    {
        Send(Signal.Kill);
        return ExitAsync();
    }

    /// <summary>Waits until it has ended, by itself or otherwise.</summary>
    /// <remarks>Looks at the process, not at its output's end: a daemon that it left behind may keep that open.</remarks>
    public Task ExitAsync(TimeSpan? deadline = null) => Eventually.Holds($"{_process.StartInfo.FileName} ends", () => HasExited, deadline);

    /// <summary>Sends a signal, if it still runs: <see cref="Signal.Pause"/> and <see cref="Signal.Continue"/> make a process that hangs.</summary>
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

    /// <summary>For the end of the test process, when nothing can be awaited any more.</summary>
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

    // kill(2). The base class library sends no other signal than SIGKILL.
    [DllImport("libc", EntryPoint = "kill"), DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int kill(int pid, int signal);
}

/// <summary>The signals of signal(7) that tests send; the numbers are those of Linux on x86 and ARM.</summary>
public enum Signal
{
    /// <summary>SIGINT.</summary>
    Interrupt = 2,

    /// <summary>SIGQUIT: for PostgreSQL, an immediate shutdown, which is a crash but for shared memory.</summary>
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

/// <summary>A program ended with another status than 0.</summary>
public sealed class ProgramFailedException(string command, int exitCode, string output, string error)
    : Exception($"{command} ended with {exitCode}\n{output}{error}")
{
    /// <summary>The exit status.</summary>
    public int ExitCode => exitCode;

    /// <summary>What it wrote to standard output.</summary>
    public string StandardOutput => output;

    /// <summary>What it wrote to standard error.</summary>
    public string StandardError => error;
}
