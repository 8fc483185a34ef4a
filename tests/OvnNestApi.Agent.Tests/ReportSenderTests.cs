using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OvnNestApi.Agent.ControlPlane;
using OvnNestApi.Agent.State;
using OvnNestApi.Contracts;
using TestServers;

namespace OvnNestApi.Agent.Tests;

/// <summary>The requests with reports, as a server receives them.</summary>
[Trait("Kind", "pure")]
public sealed class ReportSenderTests : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new();
    private readonly LatestValue<PendingReport> _reports = new();
    private readonly Channel<(string Cursor, TimeSpan Time)> _received = Channel.CreateUnbounded<(string, TimeSpan)>();
    private readonly Recovery _recovery = new();
    private readonly AgentSession _session = new();
    private readonly HttpListener _server = new();
    private readonly HttpClient _http = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("nest-report-").FullName;
    private readonly DateTimeOffset _start;
    private readonly StateFolder _state;
    private readonly ReportSender _sender;
    private HttpStatusCode _status = HttpStatusCode.NoContent;

    public ReportSenderTests()
    {
        var url = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{FreePort()}/"));
        _server.Prefixes.Add(url.ToString());
        _server.Start();
        _http.BaseAddress = url;
        _start = _time.GetUtcNow();
        _state = new StateFolder(_folder);
        var identity = new AgentIdentity(_state);
        identity.SaveHost("h1");
        _sender = new ReportSender(
            new ControlPlaneClient(_http, new ControlPlaneSettings(url, null, null, null), identity, _session, _time),
            identity,
            _session,
            _reports,
            _recovery,
            new RetrySettings(TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(10)),
            _time,
            Random.Shared,
            NullLogger<ReportSender>.Instance
        );
    }

    public async ValueTask InitializeAsync()
    {
        _ = ServeAsync();
        await _sender.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _sender.StopAsync(CancellationToken.None);
        _sender.Dispose();
        _recovery.Dispose();
        _http.Dispose();
        _server.Close();
        _state.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Without_a_change_a_report_is_sent_once_a_minute()
    {
        Put("c1");
        Assert.Equal(("c1", Seconds(0)), await ReceiveAsync());
        for (var second = 10; second <= 120; second += 10)
        {
            _time.Advance(TimeSpan.FromSeconds(10));
            Put("c1");
            if (second % 60 == 0)
            {
                Assert.Equal(("c1", Seconds(second)), await ReceiveAsync());
            }
        }

        Put("c2");
        Assert.Equal(("c2", Seconds(120)), await ReceiveAsync());
    }

    [Fact]
    public async Task A_report_is_sent_when_it_becomes_due_without_another_pass()
    {
        Put("c1", nbCfg: 1);
        await ReceiveAsync();
        _time.Advance(TimeSpan.FromMinutes(2));
        Put("c1", nbCfg: 1);
        await ReceiveAsync();
        _time.Advance(TimeSpan.FromSeconds(4));
        Put("c1", nbCfg: 2);

        var next = ReceiveAsync();
        while (!next.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        Assert.True((await next).Time >= Seconds(130));
    }

    [Theory]
    [InlineData(null, "c1")]
    [InlineData("c2", "c2")]
    public async Task After_a_refusal_the_latest_report_is_sent_without_another_pass(string? newer, string expected)
    {
        _status = HttpStatusCode.ServiceUnavailable;
        Put("c1");
        await ReceiveAsync();
        _status = HttpStatusCode.NoContent;
        if (newer is not null)
        {
            Put(newer);
        }

        var next = ReceiveAsync();
        while (!next.IsCompleted)
        {
            _time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        Assert.Equal(expected, (await next).Cursor);
    }

    [Fact]
    public async Task After_a_refusal_the_latest_report_is_sent_at_once_when_the_control_plane_answers_again()
    {
        _status = HttpStatusCode.ServiceUnavailable;
        Put("c1");
        await ReceiveAsync();
        _status = HttpStatusCode.NoContent;

        // A signal while the refusal is on its way ends nothing, so it is repeated. The time stands still: no pause ends by itself.
        var next = ReceiveAsync();
        await Eventually.Holds("the report is sent", () =>
        {
            _recovery.Signal();
            return next.IsCompleted;
        });

        Assert.Equal(("c1", Seconds(0)), await next);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static TimeSpan Seconds(int seconds) => TimeSpan.FromSeconds(seconds);

    private void Put(string cursor, long nbCfg = 1) =>
        _reports.Put(new PendingReport(new HostReport(cursor, "h1", nbCfg, [], [], [], []), false));

    private async Task<(string Cursor, TimeSpan Time)> ReceiveAsync() =>
        await _received.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Eventually.Deadline);

    private async Task ServeAsync()
    {
        while (_server.IsListening)
        {
            var context = await _server.GetContextAsync();
            try
            {
                var report = await JsonSerializer.DeserializeAsync<HostReport>(context.Request.InputStream, ContractJson.Options);
                context.Response.StatusCode = (int)_status;
                await _received.Writer.WriteAsync((report?.Cursor ?? "", _time.GetUtcNow() - _start));
                context.Response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or JsonException)
            {
                // The sender has ended the request.
            }
        }
    }
}
