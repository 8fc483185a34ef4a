using System.Diagnostics;
using OvnNestApi.HostPlanning.Commands;

namespace OvnNestApi.Agent.Tests.Planning;

/// <summary>Lines that a shell reads back as exactly the given words.</summary>
public sealed class ShellTests
{
    private static readonly string[] Hostile =
    [
        "",
        " ",
        "a b",
        "'",
        "it's",
        "''\\''",
        "\"",
        "$(touch x)",
        "`id`",
        "$HOME",
        "a;b&c|d>e<f",
        "*",
        "?[a-z]",
        "~",
        "#no",
        "!!",
        "\\",
        "a\nb",
        "a\tb",
        "--",
        "-n",
        "PATH=x",
        "{a,b}",
        "äöü 漢字",
        "external_ids:\"ovnnest:id\"=x",
    ];

    [Fact]
    public void A_shell_reads_every_word_as_it_was()
    {
        using var shell = Process.Start(
            new ProcessStartInfo("sh", ["-c", Shell.Line(["printf", "%s\\0", .. Hostile])]) { RedirectStandardOutput = true }
        )!;
        var output = shell.StandardOutput.ReadToEnd();
        shell.WaitForExit();
        Assert.Equal(Hostile, output.Split('\0')[..^1]);
    }

    [Fact]
    [Trait("Kind", "pure")]
    public void A_comment_has_one_line() => Assert.Equal("# a rm -rf /", Shell.Comment("a\nrm -rf /"));

    [Theory]
    [Trait("Kind", "pure")]
    [InlineData("vm5", "vm5")]
    [InlineData("", "\"\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("a=\"b\"", "\"a=\\\"b\\\"\"")]
    [InlineData("02:ac:10:ff:01:33", "\"02:ac:10:ff:01:33\"")]
    [InlineData("[]", "\"[]\"")]
    public void A_string_that_is_not_a_plain_word_is_in_quotes(string text, string expected) =>
        Assert.Equal(expected, DatabaseCommand.Text(text));
}
