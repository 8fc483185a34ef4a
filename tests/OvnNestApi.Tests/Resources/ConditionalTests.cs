using System.Net;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Resources;

/// <summary>Preconditions: conditional requests (RFC 9110 §13), and the revision in a body.</summary>
public sealed class ConditionalTests(TestApi api) : IClassFixture<TestApi>
{
    [Fact]
    public async Task The_ETag_contains_the_id_and_the_revision()
    {
        var router = await api.PutAsync($"/v1/routers/{api.NewName()}", "{}");
        Assert.Equal($"\"{router.Metadata.GetProperty("id").GetString()}.1\"", router.ETag);
    }

    [Fact]
    public async Task A_write_with_an_outdated_ETag_is_refused_and_stores_nothing()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var first = await api.PutAsync(path, "{}");
        (await api.PutAsync(path, """{"description":"second"}""")).IsSuccess();
        var rows = await api.RowsAsync();
        (await api.PutAsync(path, """{"description":"third"}""", ("If-Match", first.ETag))).IsProblem("precondition-failed");
        (await api.PatchAsync(path, """{"description":"third"}""", ("If-Match", first.ETag))).IsProblem("precondition-failed");
        (await api.DeleteAsync(path, ("If-Match", first.ETag))).IsProblem("precondition-failed");
        (await api.PutAsync(path, """{"description":"third"}""", ("If-Match", "not a tag"))).IsProblem("precondition-failed");
        (await api.PutAsync(path, """{"description":"third"}""", ("If-Match", "W/" + (await api.GetAsync(path)).ETag))).IsProblem(
            "precondition-failed"
        );
        Assert.Equal(rows, await api.RowsAsync());
    }

    [Fact]
    public async Task A_repetition_after_a_lost_response_succeeds()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var first = await api.PutAsync(path, "{}");
        var second = (await api.PutAsync(path, """{"description":"b"}""", ("If-Match", first.ETag))).Is(HttpStatusCode.OK);
        var again = (await api.PutAsync(path, """{"description":"b"}""", ("If-Match", first.ETag))).Is(HttpStatusCode.OK);
        Assert.Equal(second.ETag, again.ETag);
    }

    [Fact]
    public async Task A_PUT_with_If_None_Match_only_creates()
    {
        var path = $"/v1/routers/{api.NewName()}";
        (await api.PutAsync(path, "{}", ("If-None-Match", "*"))).Is(HttpStatusCode.Created);
        (await api.PutAsync(path, "{}", ("If-None-Match", "*"))).IsProblem("precondition-failed");
    }

    [Fact]
    public async Task A_PUT_with_If_Match_does_not_create()
    {
        var path = $"/v1/routers/{api.NewName()}";
        (await api.PutAsync(path, "{}", ("If-Match", "*"))).IsProblem("precondition-failed");
        (await api.GetAsync(path)).IsProblem("not-found");
        (await api.PutAsync(path, "{}")).IsSuccess();
        (await api.PutAsync(path, """{"description":"b"}""", ("If-Match", "*"))).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task The_revision_in_a_body_is_a_precondition_only_if_the_resource_exists()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var first = (await api.PutAsync(path, """{"metadata":{"revision":7,"id":"01900000-0000-7000-8000-000000000000"}}""")).Is(
            HttpStatusCode.Created
        );
        (await api.PutAsync(path, """{"description":"b","metadata":{"revision":1}}""")).Is(HttpStatusCode.OK);
        (await api.PutAsync(path, """{"description":"c","metadata":{"revision":1}}""")).IsProblem(
            "revision-conflict",
            "#/metadata/revision"
        );
        (
            await api.PutAsync(path, """{"description":"c","metadata":{"revision":2,"id":"01900000-0000-7000-8000-000000000000"}}""")
        ).IsProblem("revision-conflict", "#/metadata/id");
        (
            await api.PutAsync(
                path,
                $$$"""{"description":"c","metadata":{"revision":2,"id":"{{{first.Metadata.GetProperty("id").GetString()}}}"}}"""
            )
        ).Is(HttpStatusCode.OK);
    }

    [Fact]
    public async Task One_of_several_concurrent_writes_with_the_same_ETag_succeeds()
    {
        var path = $"/v1/routers/{api.NewName()}";
        var first = await api.PutAsync(path, "{}");
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => api.PutAsync(path, $$"""{"description":"{{i}}"}""", ("If-Match", first.ETag)))
        );
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        Assert.Equal(7, answers.Count(answer => answer.Status == HttpStatusCode.PreconditionFailed));
    }

    [Fact]
    public async Task Concurrent_patches_of_different_fields_all_take_effect()
    {
        var path = $"/v1/routers/{api.NewName()}";
        (await api.PutAsync(path, "{}")).IsSuccess();
        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(i => api.PatchAsync(path, $$$"""{"labels":{"l{{{i}}}":"x"}}""")));
        Assert.All(answers, answer => answer.Is(HttpStatusCode.OK));
        Assert.Equal(6, (await api.GetAsync(path)).Json.GetProperty("labels").EnumerateObject().Count());
    }
}
