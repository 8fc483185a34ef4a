using System.Security.Cryptography;

namespace OvnNestApi.Agent.State;

/// <summary>Key and host name with which the agent authenticates to the control plane.</summary>
internal sealed class AgentIdentity(StateFolder folder)
{
    private const string KeyName = "key";
    private const string HostName = "host";

    public string KeyFile => folder.PathOf(KeyName);

    public string HostFile => folder.PathOf(HostName);

    /// <summary>Name of the host in the API; null before the first enrolment.</summary>
    public string? Host => folder.ReadOrNull(HostName);

    public void SaveHost(string name) => folder.Write(HostName, name, isSecret: false);

    /// <summary>Returns the agent's key: 32 random bytes in base64url. The first call creates it.</summary>
    /// <remarks>The key is on disk before it is used, so that an enrolment can be repeated with the same key.</remarks>
    public string GetKey()
    {
        if (folder.ReadOrNull(KeyName) is { Length: > 0 } key)
        {
            return key;
        }

        key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        folder.Write(KeyName, key, isSecret: true);
        return key;
    }
}
