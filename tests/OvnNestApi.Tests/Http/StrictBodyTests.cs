using System.Net;
using System.Net.Sockets;
using System.Text;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Http;

/// <summary>An invalid request is refused with all its errors and their pointers, and stores nothing.</summary>
public sealed class StrictBodyTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("""{"description":"\ud800"}""", "#/description")]
    [InlineData("""{"\ud800":1}""", "#")]
    [InlineData("""{"metadata":{"a":["b","\ud800"]}}""", "#/metadata/a/1")]
    [InlineData("""{"description":"a","description":"b"}""", "#/description")]
    [InlineData("""{"spec":{"subnet":null,"subnet":"10.0.0.0/24"}}""", "#/spec/subnet")]
    public async Task A_patch_with_a_repeated_field_or_invalid_text_is_rejected(string patch, string pointer)
    {
        var network = await api.NetworkAsync("{}");
        (await api.PatchAsync($"/v1/networks/{network}", patch)).IsProblem("validation-failed", pointer);
    }

    [Fact]
    public async Task All_errors_of_a_body_are_returned_at_once_each_with_its_pointer()
    {
        var vm = await api.VmAsync();
        var answer = await api.PutAsync(
            $"/v1/vms/{vm}/containers/a",
            """
            {"name":"A","description":"\u0007","labels":{"not a key":"x","b":"not a value"},"foo":1,"metadata":{"revision":"1"},
             "spec":{"vlan":0,"mac":"ff:ff:ff:ff:ff:ff","ip":7,"x~/y":1,"enabled":"true","interface":"x;id","vlan":51,"addressing":"magic"}}
            """
        );
        answer.IsProblem(
            "validation-failed",
            "#/name",
            "#/description",
            "#/labels/not%20a%20key",
            "#/labels/b",
            "#/foo",
            "#/spec/vlan",
            "#/spec/mac",
            "#/spec/ip",
            "#/spec/x~0~1y",
            "#/spec/enabled",
            "#/spec/interface",
            "#/spec/vlan",
            "#/spec/addressing"
        );
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("""{"vlan":0}""", "#/spec/vlan")]
    [InlineData("""{"vlan":4095}""", "#/spec/vlan")]
    [InlineData("""{"vlan":"51"}""", "#/spec/vlan")]
    [InlineData("""{"vlan":51.5}""", "#/spec/vlan")]
    [InlineData("""{"vlan":-1}""", "#/spec/vlan")]
    [InlineData("""{"vlan":99999999999999999999}""", "#/spec/vlan")]
    [InlineData("""{"vlan":true}""", "#/spec/vlan")]
    [InlineData("""{"vlan":[51]}""", "#/spec/vlan")]
    [InlineData("""{"mac":"01:00:00:00:00:01"}""", "#/spec/mac")]
    [InlineData("""{"mac":"00:00:00:00:00:00"}""", "#/spec/mac")]
    [InlineData("""{"mac":"02-ac-10-ff-01-33"}""", "#/spec/mac")]
    [InlineData("""{"mac":""}""", "#/spec/mac")]
    [InlineData("""{"ip":"010.7.0.9"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.9"}""", "#/spec/ip")]
    [InlineData("""{"ip":"fe80::1"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.8.0.9"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.0.0"}""", "#/spec/ip")]
    [InlineData("""{"ip":"10.7.0.255"}""", "#/spec/ip")]
    [InlineData("""{"network":""}""", "#/spec/network")]
    [InlineData("""{"network":"Ünder"}""", "#/spec/network")]
    [InlineData("""{"interface":"sixteen-bytes-xx"}""", "#/spec/interface")]
    [InlineData("""{"interface":"v%d"}""", "#/spec/interface")]
    [InlineData("""{"interface":"-x"}""", "#/spec/interface")]
    [InlineData("""{"interface":".."}""", "#/spec/interface")]
    [InlineData("""{"namespace":"a/b"}""", "#/spec/namespace")]
    [InlineData("""{"portName":"a\nb"}""", "#/spec/portName")]
    [InlineData("""{"portName":"trailing\n"}""", "#/spec/portName")]
    [InlineData("""{"lease":"\u0000"}""", "#/spec/lease")]
    [InlineData("""{"portName":"\ud800"}""", "#/spec/portName")]
    [InlineData("""{"addressing":"dhcp,static"}""", "#/spec/addressing")]
    [InlineData("""{"addressing":" dhcp"}""", "#/spec/addressing")]
    [InlineData("""{"workload":"None"}""", "#/spec/workload")]
    [InlineData("""{"unknown":1}""", "#/spec/unknown")]
    [InlineData("""{"Vlan":1}""", "#/spec/Vlan")]
    [InlineData("""[]""", "#/spec")]
    [InlineData("\"x\"", "#/spec")]
    public async Task An_invalid_value_is_refused_with_its_pointer_and_nothing_is_stored(string spec, string pointer)
    {
        var vm = await api.VmAsync();
        var rows = await api.RowsAsync();
        (await api.PutAsync($"/v1/vms/{vm}/containers/a", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{} {}")]
    [InlineData("""{"spec":{},}""")]
    [InlineData("""{"spec":{}} // comment""")]
    [InlineData("{'spec':{}}")]
    [InlineData("""{"spec":NaN}""")]
    public async Task A_body_that_is_not_JSON_is_malformed(string body) =>
        (await api.PutAsync("/v1/routers/r", body)).IsProblem("malformed-json");

    [Fact]
    public async Task A_body_that_is_not_UTF_8_or_is_nested_too_deeply_is_malformed()
    {
        (await api.PutAsync("/v1/routers/r", $$"""{"metadata":{{new string('[', 40)}}{{new string(']', 40)}}}""")).IsProblem(
            "malformed-json"
        );
        using var request = new HttpRequestMessage(HttpMethod.Put, "/v1/routers/r") { Content = new ByteArrayContent([0x7b, 0xff, 0x7d]) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.Authorization = new("Bearer", await api.KeyAsync(Role.Admin));
        Assert.Equal(HttpStatusCode.BadRequest, (await api.Client.SendAsync(request)).StatusCode);
    }

    [Fact]
    public async Task A_body_that_is_too_large_or_of_another_media_type_is_refused()
    {
        var rows = await api.RowsAsync();
        (
            await api.PutAsync("/v1/routers/r", $$"""{"description":"{{new string('x', 2 * 1024 * 1024)}}"}""", ("Expect", "100-continue"))
        ).IsProblem("body-too-large");
        var answer = (await api.PutAsync("/v1/routers/r", "{}", ("Content-Type", "text/plain"))).IsProblem("unsupported-media-type");
        Assert.Contains("curl --json", answer.Text, StringComparison.Ordinal);
        (await api.PutAsync("/v1/routers/r", "{}", ("Content-Type", ""))).IsProblem("unsupported-media-type");
        (await api.PutAsync("/v1/routers/r", "{}", ("Content-Type", "application/x-www-form-urlencoded"))).IsProblem(
            "unsupported-media-type"
        );
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_body_that_names_another_resource_than_the_URL_is_refused() =>
        (await api.PutAsync("/v1/routers/a", """{"name":"b"}""")).IsProblem("name-mismatch", "#/name");

    [Theory]
    [InlineData("/v1/vms/BIG")]
    [InlineData("/v1/vms/-x")]
    [InlineData("/v1/vms/x_y")]
    [InlineData("/v1/vms/%0a")]
    [InlineData("/v1/vms/a%0d%0aX-Evil:%201")]
    [InlineData("/v1/vms/%7f")]
    [InlineData("/v1/vms/%e2%80%ae")]
    [InlineData("/v1/vms/..%2f..%2fetc")]
    [InlineData("/v1/vms/a%20b")]
    [InlineData("/v1/vms/vm%01/containers/a")]
    [InlineData("/v1/vms/a/containers/%1b%5b0m")]
    [InlineData("/v1/vms/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task An_invalid_name_in_a_URL_is_refused_with_the_rule_and_nothing_is_stored(string path)
    {
        var rows = await api.RowsAsync();
        foreach (
            var answer in new[]
            {
                (await api.GetAsync(path)).IsProblem("not-found"),
                (await api.PatchAsync(path, "{}")).IsProblem("not-found"),
                (await api.DeleteAsync(path)).IsProblem("not-found"),
                (await api.PutAsync(path, """{"spec":{"network":"x"}}""")).IsProblem("validation-failed"),
            }
        )
        {
            Assert.Contains(ResourceName.Rule, answer.Detail, StringComparison.Ordinal);
            Assert.DoesNotContain(answer.Headers, header => header.Key == "X-Evil" || header.Value.Any(char.IsControl));
        }

        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task An_invalid_name_in_a_URL_that_creates_points_to_the_name_only_if_the_body_can_hold_it()
    {
        const string reservation = """{"spec":{"owner":"a"}}""";
        var vm = await api.VmAsync();
        Assert.Equal(["#/name"], (await api.PutAsync("/v1/vms/VM9", "{}")).IsProblem("validation-failed").Pointers);
        Assert.Equal(["#/name"], (await api.PutAsync($"/v1/vms/{vm}/containers/C", "{}")).IsProblem("validation-failed").Pointers);
        Assert.Empty((await api.PutAsync("/v1/vms/VM9/containers/c", "{}")).IsProblem("validation-failed").Pointers);
        Assert.Empty((await api.PostAsync("/v1/vms/VM9/containers", """{"name":"c"}""")).IsProblem("validation-failed").Pointers);
        Assert.Empty((await api.PostAsync("/v1/vms/VM9/vlan-leases", reservation)).IsProblem("validation-failed").Pointers);
        Assert.Empty((await api.PutAsync("/v1/vms/VM9/vlan-leases/51", reservation)).IsProblem("validation-failed").Pointers);
        Assert.Empty((await api.PutAsync($"/v1/vms/{vm}/vlan-leases/4095", reservation)).IsProblem("validation-failed").Pointers);
        (await api.GetAsync($"/v1/vms/{vm}/vlan-leases/4095")).IsProblem("not-found");
        (await api.GetAsync("/v1/vms/VM9/vlan-leases/51")).IsProblem("not-found");
    }

    [Theory]
    [InlineData("GET /v1/vms/%00 HTTP/1.1")]
    [InlineData("GET /v1/vms/%0 HTTP/1.1")]
    [InlineData("GET /v1/vms/\u0001 HTTP/1.1")]
    [InlineData("GET /v1/vms/%ff%fe HTTP/1.1")]
    [InlineData("PUT /v1/vms/%c0%ae%c0%ae/containers/x HTTP/1.1")]
    public async Task An_invalid_request_line_never_causes_a_server_error(string line)
    {
        var rows = await api.RowsAsync();
        using var socket = new TcpClient();
        await socket.ConnectAsync(api.Client.BaseAddress!.Host, api.Client.BaseAddress.Port);
        await socket
            .GetStream()
            .WriteAsync(
                Encoding.Latin1.GetBytes(
                    $"{line}\r\nHost: x\r\nAuthorization: Bearer {await api.KeyAsync(Role.Admin)}\r\n"
                        + "Content-Length: 0\r\nConnection: close\r\n\r\n"
                )
            );
        var answer = await new StreamReader(socket.GetStream()).ReadToEndAsync();
        Assert.Matches("^HTTP/1.1 4[0-9][0-9] ", answer);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Theory]
    [InlineData("?labell=a")]
    [InlineData("?limit=1&limit=2")]
    [InlineData("?LIMIT=1&limit=2")]
    public async Task Unknown_and_repeated_query_parameters_are_refused(string query) =>
        (await api.GetAsync("/v1/containers" + query)).IsProblem("unknown-parameter");

    [Theory]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?limit=x")]
    [InlineData("?ready=maybe")]
    [InlineData("?reason=Nice")]
    [InlineData("?reason=3")]
    [InlineData("?label==x")]
    [InlineData("?label=")]
    [InlineData("?label=a=1,a=2")]
    [InlineData("?ip=1.2")]
    [InlineData("?mac=x")]
    [InlineData("?vm=X")]
    [InlineData("?vm=%0a")]
    public async Task A_query_parameter_with_an_invalid_value_is_refused(string query) =>
        (await api.GetAsync("/v1/containers" + query)).IsProblem("invalid-parameter");

    [Theory]
    [InlineData("?dryrun=true", "unknown-parameter")]
    [InlineData("?wait=soon", "invalid-parameter")]
    [InlineData("?wait=1", "invalid-parameter")]
    [InlineData("?dryRun=perhaps", "invalid-parameter")]
    public async Task A_write_with_a_wrong_query_parameter_stores_nothing(string query, string problem)
    {
        var rows = await api.RowsAsync();
        (await api.PutAsync("/v1/routers/r" + query, "{}")).IsProblem(problem);
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task Responses_of_the_routing_are_problem_details_too()
    {
        (await api.GetAsync("/v1/nothing")).IsProblem("not-found");
        var wrongMethod = (await api.SendAsync(HttpMethod.Delete, "/v1/vms", null)).IsProblem("method-not-allowed");
        Assert.Contains("POST", wrongMethod.Headers["Allow"], StringComparison.Ordinal);
        (await api.GetAsync("/v1/vms", ("Accept", "text/csv"))).IsProblem("not-acceptable");
        (await api.GetAsync("/v1/vms", ("Accept", "text/csv, application/*;q=0.5"))).Is(HttpStatusCode.OK);
    }
}
