using System.Net;
using TestServers;

namespace OvnNestApi.Tests.Examples;

/// <summary>
/// The programs of <c>examples/csharp</c> and <c>examples/typescript</c> generate a typed client from the served OpenAPI document, compile
/// and run.
/// </summary>
public abstract class ClientTests(LivingInstallation nest)
{
    internal LivingInstallation Nest => nest;

    internal static string Folder(string example) => Path.Combine(Programs.Root, "examples", example);

    /// <summary>Checks what a program has printed, and that the resources exist.</summary>
    internal async Task HasLabAsync(string output)
    {
        Assert.Equal(5, await nest.ReadyAsync());
        var vm = (await nest.Api.GetAsync("/v1/vms/vm5")).Is(HttpStatusCode.OK).Effective;
        var container = (await nest.Api.GetAsync("/v1/vms/vm5/containers/c51")).Is(HttpStatusCode.OK).Effective;
        Assert.Equal(
            [$"vm5: {vm.GetProperty("ip")}", $"c51: {container.GetProperty("ip")}, tag 51"],
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries).TakeLast(2)
        );
    }
}

/// <summary>The client that NSwag generates.</summary>
public sealed class CSharpClientTests(LivingInstallation nest) : ClientTests(nest), IClassFixture<LivingInstallation>
{
    [Fact]
    public async Task The_program_compiles_without_warnings_and_creates_the_lab()
    {
        var project = Path.Combine(Folder("csharp"), "Lab.csproj");
        await Nest.RunAsync("dotnet", "build", project, "-nologo", "-warnaserror", "-nodeReuse:false");
        await HasLabAsync(await Nest.RunAsync("dotnet", Path.Combine(Folder("csharp"), "bin", "Debug", "net10.0", "Lab.dll")));
    }
}

/// <summary>The types that openapi-typescript generates, and the client openapi-fetch.</summary>
public sealed class TypeScriptClientTests(LivingInstallation nest) : ClientTests(nest), IClassFixture<LivingInstallation>
{
    [Fact]
    public async Task The_program_is_strictly_typed_and_creates_the_lab()
    {
        var copy = Programs.NewFolder("typescript");
        foreach (var file in new[] { "package.json", "package-lock.json", "tsconfig.json", "lab.ts" })
        {
            File.Copy(Path.Combine(Folder("typescript"), file), Path.Combine(copy, file));
        }

        await Nest.RunAsync("npm", "ci", "--prefix", copy, "--prefer-offline", "--ignore-scripts", "--no-audit", "--no-fund");
        await HasLabAsync(await Nest.RunAsync("npm", "start", "--prefix", copy));
        Directory.Delete(copy, recursive: true);
    }
}
