using System.Diagnostics;

namespace OvnNestApi.Agent.Local;

/// <summary>Runs a program to its end. Arguments are passed as a vector, without a shell.</summary>
internal static class Command
{
    /// <summary>Runs the program with lines on its standard input; returns its exit status and what it wrote to standard error.</summary>
    public static async Task<(int Status, string Errors)> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IEnumerable<string> input,
        CancellationToken cancellationToken
    )
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["LC_ALL"] = "C";
        using var process = Process.Start(start) ?? throw new InvalidOperationException($"{program} did not start.");
        try
        {
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            foreach (var line in input)
            {
                await process.StandardInput.WriteAsync($"{line}\n".AsMemory(), cancellationToken);
            }

            process.StandardInput.Close();
            await output;
            var text = await errors;
            await process.WaitForExitAsync(cancellationToken);
            return (process.ExitCode, text);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }
}
