using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §4.1.11, in both directions.</summary>
public sealed class EchoTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task The_server_answers_an_echo() => allTypes.Connection.EchoAsync(Ct);

    [Theory]
    [InlineData("\"echo\"", """["x",{"y":[1]}]""")]
    [InlineData("5", "[]")]
    [InlineData("""{"a":["b"]}""", "[null,1.50,\"é\"]")]
    public async Task The_client_answers_an_echo_with_its_parameters(string id, string parameters)
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var answer = await AnswerAsync(interceptor, $$"""{"id":{{id}},"method":"echo","params":{{parameters}}}""");
        Assert.Equal($$"""{"result":{{parameters}},"error":null,"id":{{id}}}""", answer);
    }

    [Fact]
    public async Task The_client_rejects_unknown_requests_and_ignores_unknown_notifications()
    {
        await using var interceptor = new Interceptor(allTypes.Server);
        var answer = await AnswerAsync(
            interceptor,
            """{"id":null,"method":"gossip","params":[]}{"id":7,"method":"steal_all","params":[]}"""
        );
        Assert.Equal("""{"result":null,"error":"unknown method","id":7}""", answer);
    }

    // Sends a message to the client as if the server had sent it, before the server's next message. Returns the client's answer.
    private static async Task<string> AnswerAsync(Interceptor interceptor, string injected)
    {
        var answered = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        interceptor.ToClient = message =>
        {
            interceptor.ToClient = message => message;
            return injected + message;
        };
        interceptor.ToServer = message =>
        {
            if (!message.Contains("\"result\":", StringComparison.Ordinal))
            {
                return message;
            }

            answered.TrySetResult(message);
            return "";
        };
        await using var connection = await Nb.ConnectAsync(interceptor.Endpoint);
        await connection.EchoAsync(Ct);
        var answer = await answered.Task.WaitAsync(Eventually.Deadline, Ct);
        await connection.EchoAsync(Ct);
        return answer;
    }
}
