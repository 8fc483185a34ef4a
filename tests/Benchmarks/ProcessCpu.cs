using System.Globalization;

namespace Benchmarks;

/// <summary>CPU time of other processes, user and system, in milliseconds with a resolution of 10 ms (proc_pid_stat(5)).</summary>
internal static class ProcessCpu
{
    public static double Of(int process) => (Field(process, 14) + Field(process, 15)) * 10.0;

    /// <summary>The CPU time of a process and its children, including children that have exited.</summary>
    public static double OfTree(int parent) =>
        Of(parent) + ((Field(parent, 16) + Field(parent, 17)) * 10.0) + Processes().Where(id => ParentOf(id) == parent).Sum(Of);

    public static int ParentOf(int process) => (int)Field(process, 4);

    private static IEnumerable<int> Processes() =>
        Directory
            .GetDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id != 0);

    /// <summary>Returns a field by its number in proc_pid_stat(5); 0 if the process has exited.</summary>
    private static long Field(int process, int number)
    {
        try
        {
            // The second field, the name in parentheses, may contain spaces.
            var fields = File.ReadAllText($"/proc/{process}/stat").Split(") ")[^1].Split(' ');
            return long.Parse(fields[number - 3], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
