using TestServers;

namespace Ovsdb.Tests.Rfc7047;

/// <summary>RFC 7047 §5.2.9.</summary>
public sealed class CommentTests(Every every) : IClassFixture<Every>
{
    [Fact]
    public async Task The_text_is_in_the_servers_record_of_the_transaction()
    {
        await every.CommitAsync(Op.Insert(Every.Parent, Nb.Row()), Op.Comment("a remark"), Op.Commit(durable: true));
        var log = await ChildProcess.RunAsync("ovsdb-tool", ["-m", "show-log", Path.Combine(every.Server.Folder, "db")]);
        Assert.Contains("a remark", log);
    }
}
