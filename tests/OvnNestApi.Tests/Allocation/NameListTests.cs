using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using OvnNestApi.Allocation;
using OvnNestApi.Problems;
using OvnNestApi.Schema;
using OvnNestApi.Tests.Harness;

namespace OvnNestApi.Tests.Allocation;

/// <summary>Names for a list of resources in one transaction.</summary>
public sealed class NameListTests(TestApi api, ITestOutputHelper output) : IClassFixture<TestApi>
{
    [Theory]
    [InlineData(1)]
    [InlineData(100)]
    [InlineData(10_000)]
    public async Task The_number_of_statements_does_not_depend_on_the_number_of_resources(int count)
    {
        var owners = Enumerable.Range(0, count).Select(_ => Guid.NewGuid()).ToList();
        var prefix = api.NewName();
        Assert.Equal((1, $"{prefix}-{count - 1}-p"), await RunAsync(i => Request(owners[i], null, null, $"{prefix}-{i}")));
        Assert.Equal((2, $"{prefix}-{count - 1}-p"), await RunAsync(i => Request(owners[i], null, $"{prefix}-{i}", "other")));
        Assert.Equal((2, $"{prefix}-{count - 1}-q-p"), await RunAsync(i => Request(owners[i], $"{prefix}-{i}-q", $"{prefix}-{i}", "")));
        Assert.Equal(3 * count, await api.ReadAsync(db => db.ClaimedNames.CountAsync(n => owners.Contains(n.OwnerId))));
        var successors = owners.ConvertAll(_ => Guid.NewGuid());
        Assert.Equal(
            (2, $"{prefix}-{count - 1}-q-p"),
            await RunAsync(i => Request(successors[i], null, null, "") with { Predecessor = owners[i] }, former: i => $"{prefix}-{i}-q")
        );
        Assert.Equal(0, await api.ReadAsync(db => db.ClaimedNames.CountAsync(n => owners.Contains(n.OwnerId))));

        async Task<(int Statements, string LastName)> RunAsync(Func<int, NameRequest> request, Func<int, string>? former = null)
        {
            var requests = Enumerable.Range(0, count).Select(request).ToList();
            if (former is not null)
            {
                requests = [.. requests.Select((one, i) => one with { Claims = Claims(null, null, former(i), "unused") })];
            }

            var (statements, last) = (0, "");
            await api.TransactAsync(async db =>
            {
                using var counter = new StatementCounter();
                var started = Stopwatch.StartNew();
                var names = (await NameClaims.TakeAsync(db, requests, default)).Select(Names).ToList();
                (statements, last) = (counter.Count, names[^1][0]);
                output.WriteLine($"{3 * count} names in {started.ElapsedMilliseconds} ms");
            });
            return (statements, last);
        }
    }

    [Fact]
    public async Task Two_resources_of_a_list_can_swap_their_names()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var (a, b) = (api.NewName(), api.NewName());
        await TakeAsync(Request(one, a, null, ""), Request(other, b, null, ""));
        var swapped = await TakeAsync(Request(one, b, a, ""), Request(other, a, b, ""));
        Assert.Equal([$"{b}-p", $"{b}-d", $"{b}-n"], Names(swapped[0]));
        Assert.Equal([$"{a}-p", $"{a}-d", $"{a}-n"], Names(swapped[1]));
        Assert.Equal(one, await HolderAsync($"{b}-p"));
        Assert.Equal(other, await HolderAsync($"{a}-p"));
    }

    [Fact]
    public async Task A_name_that_one_resource_of_a_list_releases_is_available_to_another()
    {
        var (one, other) = (Guid.NewGuid(), Guid.NewGuid());
        var (a, b) = (api.NewName(), api.NewName());
        await TakeAsync(Request(one, a, null, ""));
        var taken = await TakeAsync(Request(other, a, null, ""), Request(one, b, a, ""));
        Assert.Equal([$"{a}-p", $"{b}-p"], taken.Select(answer => Names(answer)[0]));
        Assert.Equal(6, await api.ReadAsync(db => db.ClaimedNames.CountAsync(n => n.OwnerId == one || n.OwnerId == other)));
    }

    [Fact]
    public async Task Of_two_requests_of_a_list_for_one_name_the_second_is_refused_and_nothing_is_stored()
    {
        var name = api.NewName();
        var refused = await TakeAsync(Request(Guid.NewGuid(), name, null, ""), Request(Guid.NewGuid(), name, null, ""));
        Assert.Null(refused[0].Problem);
        var problem = refused[1].Problem;
        Assert.Equal(("name-taken", "#/spec/portName"), (problem?.Code, problem?.Errors[0].Pointer));
        Assert.Equal($"The port name {name}-p is taken by another resource. Choose another name.", problem?.Detail);
        Assert.Equal(Guid.Empty, await HolderAsync($"{name}-p"));
    }

    [Fact]
    public async Task A_resource_keeps_its_name_although_another_one_of_the_list_requests_it()
    {
        var holder = Guid.NewGuid();
        var name = api.NewName();
        await TakeAsync(Request(holder, null, null, name));
        var answers = await TakeAsync(Request(Guid.NewGuid(), name, null, ""), Request(holder, null, name, ""));
        Assert.Equal("name-taken", answers[0].Problem?.Code);
        Assert.Equal($"{name}-p", Names(answers[1])[0]);
    }

    [Fact]
    public async Task A_default_name_that_another_resource_of_the_list_requests_gets_a_suffix()
    {
        var name = api.NewName();
        var answers = await TakeAsync(Request(Guid.NewGuid(), null, null, name), Request(Guid.NewGuid(), name, null, ""));
        Assert.Matches($"^{name}-p-[0-9a-f]{{6}}$", Names(answers[0])[0]);
        Assert.Equal($"{name}-p", Names(answers[1])[0]);
    }

    [Fact]
    public async Task Names_that_no_claim_mentions_are_released()
    {
        var (owner, name) = (Guid.NewGuid(), api.NewName());
        await TakeAsync(Request(owner, name, null, ""));
        await TakeAsync(new NameRequest(owner, null, [], IsStored: true));
        Assert.Equal(Guid.Empty, await HolderAsync($"{name}-p"));
    }

    /// <summary>Takes the names in one transaction, which is rolled back if a request is refused.</summary>
    private async Task<IReadOnlyList<Answer<string[]>>> TakeAsync(params NameRequest[] requests)
    {
        IReadOnlyList<Answer<string[]>> answers = [];
        await api.TryAsync(async db =>
        {
            answers = await NameClaims.TakeAsync(db, requests, default);
            return answers.Select(answer => answer.Problem).FirstOrDefault(problem => problem is not null);
        });
        return answers;
    }

    private Task<Guid> HolderAsync(string port) =>
        api.ReadAsync(db =>
            db.ClaimedNames.Where(n => n.Scope == NameScope.Port && n.Name == port).Select(n => n.OwnerId).FirstOrDefaultAsync()
        );

    private static NameRequest Request(Guid owner, string? asked, string? present, string preferred) =>
        new(owner, null, Claims(asked, present, null, preferred));

    private static Claim[] Claims(string? asked, string? present, string? former, string preferred) =>
        [
            Of(NameScope.Port, "portName", "-p", asked, present, former, preferred),
            Of(NameScope.Device, "interface", "-d", asked, present, former, preferred),
            Of(NameScope.Namespace, "namespace", "-n", asked, present, former, preferred),
        ];

    private static Claim Of(NameScope scope, string field, string end, string? asked, string? present, string? former, string preferred) =>
        new(scope, field, With(asked, end), With(present, end), With(former, end), preferred + end);

    private static string? With(string? name, string end) => name is null ? null : name + end;

    private static string[] Names(Answer<string[]> answer) =>
        answer.TryGet(out var names, out var problem) ? names : throw new InvalidOperationException(problem.Detail);
}
