using TestServers;

namespace Ovsdb.Tests;

/// <summary>RFC 7047 §5.2.9.</summary>
public sealed class CommentTests(AllTypesServer allTypes) : IClassFixture<AllTypesServer>
{
    [Fact]
    public async Task A_comment_is_saved_with_the_transaction()
    {
        await allTypes.CommitAsync(Op.Insert(AllTypesServer.Parent, Nb.Row()), Op.Comment("a remark"), Op.Commit(durable: true));
        var log = await ChildProcess.RunAsync("ovsdb-tool", ["-m", "show-log", Path.Combine(allTypes.Server.Folder, "db")]);
        Assert.Contains("a remark", log);
    }
}
