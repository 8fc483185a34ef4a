using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Routers;

/// <summary>Rules for the fields of routers.</summary>
public sealed class RouterRuleTests(TestApi api) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData("""{"router":{"name":"edge"}}""", "#/spec/router/name")]
    [InlineData("""{"router":{"name":"edge","existing":false}}""", "#/spec/router/name")]
    [InlineData("""{"router":{"name":"a b","existing":true}}""", "#/spec/router/name")]
    [InlineData("""{"existing":true}""", "#/spec/existing")]
    public async Task An_invalid_router_is_refused(string spec, string pointer) =>
        (await api.PutAsync("/v1/routers/invalid", $$$"""{"spec":{{{spec}}}}""")).IsProblem("validation-failed", pointer);

    [Fact]
    public async Task The_logical_router_of_a_router_cannot_be_changed()
    {
        (await api.PutAsync("/v1/routers/own", "{}")).Is(HttpStatusCode.Created);
        (await api.PutAsync("/v1/routers/own", """{"spec":{"router":{"existing":true}}}""")).IsProblem("immutable", "#/spec/router");
        (await api.PutAsync("/v1/routers/theirs", """{"spec":{"router":{"existing":true,"name":"neutron-1"}}}""")).Is(
            HttpStatusCode.Created
        );
        (await api.PutAsync("/v1/routers/theirs", """{"spec":{"router":{"existing":true}}}""")).IsProblem("immutable", "#/spec/router");
        (await api.PutAsync("/v1/routers/theirs", "{}")).IsProblem("immutable", "#/spec/router");
        (await api.PutAsync("/v1/routers/theirs", """{"labels":{"a":"b"},"spec":{"router":{"existing":true,"name":"neutron-1"}}}""")).Is(
            HttpStatusCode.OK
        );
    }

    [Fact]
    public async Task The_name_of_an_existing_router_is_by_default_that_of_the_resource()
    {
        var theirs = (await api.PutAsync("/v1/routers/edge", """{"spec":{"router":{"existing":true}}}""")).Effective.GetProperty("router");
        Assert.Equal("edge", theirs.GetProperty("name").GetString());
        Assert.True(theirs.GetProperty("existing").GetBoolean());
        var ours = (await api.PutAsync("/v1/routers/tenant2", "{}")).Effective.GetProperty("router");
        Assert.Equal("tenant2", ours.GetProperty("name").GetString());
        Assert.False(ours.GetProperty("existing").GetBoolean());
    }
}
