using System.Security.Cryptography;
using System.Text;

namespace OvnNestApi.Agent.State;

/// <summary>Lock that makes sure that only one agent changes a local Open_vSwitch database, whatever state folder it uses.</summary>
internal static class HostLock
{
    private const string Folder = "/run/ovnnest-agent";

    /// <summary>Takes the lock. It is held until the result is disposed or the process ends.</summary>
    /// <param name="endpoint">Endpoint of the database.</param>
    /// <exception cref="IOException">Another agent has the lock.</exception>
    public static IDisposable Take(string endpoint)
    {
        Directory.CreateDirectory(Folder);
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(endpoint)).AsSpan(0, 8));
        try
        {
            return new FileStream(
                Path.Join(Folder, $"{name}.lock"),
                FileMode.OpenOrCreate,
                FileAccess.ReadWrite,
                FileShare.None,
                bufferSize: 1,
                FileOptions.DeleteOnClose
            );
        }
        catch (IOException e)
        {
            throw new IOException($"Another agent runs on this host, for the same Open_vSwitch database ({endpoint}): stop it first.", e);
        }
    }
}
