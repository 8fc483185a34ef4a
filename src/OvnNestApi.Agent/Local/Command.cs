using System.Diagnostics;

namespace OvnNestApi.Agent.Local;

/// <summary>A program that is run to its end, with arguments as a vector: no shell sees them.</summary>
internal static class Command
{
    /// <summary>Runs it with lines on its standard input; gives what it wrote to standard error, and how it ended.</summary>
    public static async Task<(int Status, string Errors)> RunAsync(
        string program,
        IReadOnlyList<string> arguments,
        IEnumerable<string> input,
        CancellationToken ct
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
            var errors = process.StandardError.ReadToEndAsync(ct);
            var output = process.StandardOutput.ReadToEndAsync(ct);
            foreach (var line in input)
            {
                await process.StandardInput.WriteAsync($"{line}\n".AsMemory(), ct);
            }

            process.StandardInput.Close();
            await output;
            var text = await errors;
            await process.WaitForExitAsync(ct);
            return (process.ExitCode, text);
        }
        catch
        {
            process.Kill();
            throw;
        }
    }
}
