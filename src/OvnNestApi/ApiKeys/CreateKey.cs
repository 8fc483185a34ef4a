using System.Buffers.Text;
using System.Security.Cryptography;
using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Schema;

namespace OvnNestApi.ApiKeys;

/// <summary>The command <c>create-key --name NAME --role viewer|editor|admin</c>, which creates the first key.</summary>
internal static class CreateKey
{
    /// <summary>Returns a new key: a prefix that secret scanners recognize, and 256 random bits.</summary>
    public static string NewKey() => "nest_" + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>Stores a key and prints it on standard output, without any other text.</summary>
    /// <returns>The exit code: 0, or 2 for wrong arguments.</returns>
    public static async Task<int> RunAsync(IServiceProvider services, string[] args)
    {
        if (
            args is not [_, "--name", var name, "--role", var roleName]
            || !ResourceName.IsValid(name)
            || !Enum.TryParse<Role>(roleName, ignoreCase: true, out var role)
            || int.TryParse(roleName, out _)
        )
        {
            await Console.Error.WriteLineAsync(
                "create-key --name NAME --role viewer|editor|admin   (NAME: lower-case letters, digits, dashes)"
            );
            return 2;
        }

        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<NestDb>();
        db.Actor = new("command", null);
        var key = NewKey();
        var stored = new ApiKey
        {
            Name = name,
            Role = role,
            KeySha256 = KeyAuthentication.Hash(key),
        };
        db.ApiKeys.Add(stored);
        ChangeLog.Add(db, "api-key", null, name, stored.Id, "created", null, null);
        await db.SaveChangesAsync();
        Console.WriteLine(key);
        return 0;
    }
}
