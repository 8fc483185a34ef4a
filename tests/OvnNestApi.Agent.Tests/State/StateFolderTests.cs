using OvnNestApi.Agent.State;
using OvnNestApi.HostPlanning;

namespace OvnNestApi.Agent.Tests.State;

/// <summary>Files that the agent keeps.</summary>
[Trait("Kind", "pure")]
public sealed class StateFolderTests : IDisposable
{
    private readonly string _path = Directory.CreateTempSubdirectory("nest-state-").FullName;

    public void Dispose() => Directory.Delete(_path, recursive: true);

    [Fact]
    public void The_key_is_created_once_and_only_its_owner_can_read_it()
    {
        string key;
        using (var folder = new StateFolder(_path))
        {
            var identity = new AgentIdentity(folder);
            key = identity.GetKey();
            Assert.Equal(43, key.Length);
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(identity.KeyFile));
        }

        using var sameFolder = new StateFolder(_path);
        Assert.Equal(key, new AgentIdentity(sameFolder).GetKey());
    }

    [Fact]
    public void Only_one_agent_at_a_time_can_use_a_state_folder()
    {
        using (new StateFolder(_path))
        {
            Assert.Throws<IOException>(() => new StateFolder(_path));
        }

        new StateFolder(_path).Dispose();
    }

    [Fact]
    public void A_namespace_record_that_was_cut_off_counts_as_missing()
    {
        using var folder = new StateFolder(_path);
        var records = new NamespaceRecords(folder);
        var mark = new OwnerMark(Guid.NewGuid(), OwnerMark.Container, Guid.NewGuid());
        records.Write("c51", mark);
        File.WriteAllText(Path.Combine(folder.NamespacesFolder, "c52"), """{"Installation":"1111""");

        Assert.Equal([new NamespaceRecord("c51", mark)], records.Read());
    }
}
