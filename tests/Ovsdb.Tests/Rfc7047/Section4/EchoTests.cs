using TestServers;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §4.1.11, in both directions.</summary>
public sealed class EchoTests(Every every) : IClassFixture<Every>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public Task The_server_answers() => every.Connection.EchoAsync(Ct);

    [Theory]
    [InlineData("\"echo\"", """["x",{"y":[1]}]""")]
    [InlineData("5", "[]")]
    [InlineData("""{"a":["b"]}""", "[null,1.50,\"é\"]")]
    public async Task The_server_is_answered_with_what_it_sent(string id, string parameters)
    {
        await using var between = new Interceptor(every.Server);
        var answer = await AnswerAsync(between, $$"""{"id":{{id}},"method":"echo","params":{{parameters}}}""");
        Assert.Equal($$"""{"result":{{parameters}},"error":null,"id":{{id}}}""", answer);
    }

    [Fact]
    public async Task A_request_that_is_not_known_is_refused_and_a_notification_let_be()
    {
        await using var between = new Interceptor(every.Server);
        var answer = await AnswerAsync(between, """{"id":null,"method":"gossip","params":[]}{"id":7,"method":"steal_all","params":[]}""");
        Assert.Equal("""{"result":null,"error":"unknown method","id":7}""", answer);
    }

    // Lets the server seem to have said this before its next message; gives what the client answers.
    private static async Task<string> AnswerAsync(Interceptor between, string said)
    {
        var answered = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        between.ToClient = message =>
        {
            between.ToClient = same => same;
            return said + message;
        };
        between.ToServer = message =>
        {
            if (!message.Contains("\"result\":", StringComparison.Ordinal))
            {
                return message;
            }

            answered.TrySetResult(message);
            return "";
        };
        await using var connection = await Nb.ConnectAsync(between.Endpoint);
        await connection.EchoAsync(Ct);
        var answer = await answered.Task.WaitAsync(Eventually.Deadline, Ct);
        await connection.EchoAsync(Ct);
        return answer;
    }
}
