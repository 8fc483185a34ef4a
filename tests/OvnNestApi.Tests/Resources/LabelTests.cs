using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Labels are a set of pairs; their order has no meaning.</summary>
public sealed class LabelTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task Labels_in_another_order_change_nothing()
    {
        var path = $"/v1/hosts/{api.NewName("host")}";
        var created = (await api.PutAsync(path, """{"labels":{"app":"web","tier":"front"},"spec":{}}""")).Is(HttpStatusCode.Created);
        var repeated = (await api.PutAsync(path, """{"labels":{"tier":"front","app":"web"},"spec":{}}""")).Is(HttpStatusCode.OK);
        Assert.Equal(created.ETag, repeated.ETag);
    }

    [Theory]
    [InlineData("""{"app":"web"}""")]
    [InlineData("""{"app":"web","tier":"back"}""")]
    [InlineData("""{"app":"web","layer":"front"}""")]
    public async Task Different_labels_are_a_change(string labels)
    {
        var path = $"/v1/hosts/{api.NewName("host")}";
        var created = (await api.PutAsync(path, """{"labels":{"app":"web","tier":"front"},"spec":{}}""")).Is(HttpStatusCode.Created);
        var changed = (await api.PutAsync(path, $$"""{"labels":{{labels}}, "spec":{} }""")).Is(HttpStatusCode.OK);
        Assert.NotEqual(created.ETag, changed.ETag);
    }
}
