using OvnNestApi.Agent.Local;
using TestServers;

namespace OvnNestApi.Agent.Tests.Local;

/// <summary>Notifications of network changes, with two network namespaces in the roles of the host and of a container.</summary>
public sealed class NetworkWatcherTests : IAsyncLifetime
{
    private readonly string _host = $"host-{Guid.NewGuid():N}";
    private readonly string _container = $"container-{Guid.NewGuid():N}";
    private NetworkWatcher? _watcher;

    /// <summary>Creates the device t0 in the host's namespace, and moves it into the container's.</summary>
    public async ValueTask InitializeAsync()
    {
        await IpAsync("netns", "add", _host);
        await IpAsync("netns", "add", _container);
        await NetworkReader.RunInNamespaceAsync(_host, () => _watcher = new NetworkWatcher());
        await IpAsync("-n", _host, "tuntap", "add", "dev", "t0", "mode", "tap");
        await IpAsync("-n", _host, "link", "set", "dev", "t0", "netns", _container);
        await IpAsync("-n", _container, "address", "add", "10.0.0.1/24", "dev", "t0");
    }

    public async ValueTask DisposeAsync()
    {
        _watcher?.Dispose();
        await IpAsync("netns", "delete", _host);
        await IpAsync("netns", "delete", _container);
    }

    [Theory]
    [InlineData("address delete 10.0.0.1/24 dev t0")]
    [InlineData("link set dev t0 mtu 900")]
    [InlineData("link set dev t0 address 02:00:00:00:00:07")]
    [InlineData("link delete dev t0")]
    public async Task A_change_of_a_device_that_was_moved_into_a_namespace_is_notified(string change)
    {
        // The first one is for the changes before. The kernel may send several messages for one change.
        var next = WaitAsync();
        do
        {
            await next;
            next = WaitAsync();
        } while (next.IsCompleted);

        await IpAsync(["-n", _container, .. change.Split(' ')]);

        await next;
    }

    private NetworkWatcher Watcher => _watcher ?? throw new InvalidOperationException("There is no watcher.");

    private Task WaitAsync() => Watcher.WaitAsync(TestContext.Current.CancellationToken).WaitAsync(Eventually.Deadline);

    private static Task<string> IpAsync(params string[] arguments) => ChildProcess.RunAsync("ip", arguments);
}
