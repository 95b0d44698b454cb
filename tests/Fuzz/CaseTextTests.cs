using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Tests;

public sealed class CaseTextTests
{
    [Fact]
    public void Hex_text_repeats_and_comments_are_read_as_fields_of_messages()
    {
        FuzzCase read = CaseText.Parse("# why\nto ClientSimple\n0102 \"a #b\" # rest\n\n00ff*2\n");
        Assert.Equal(CaseKind.ClientSimple, read.Kind);
        Assert.Equal("01026120236200ff00ff", Convert.ToHexStringLower(read.ToBytes()));
        Assert.Equal("2 1", string.Join(' ', read.Messages.Select(m => m.Count)));
        Assert.True(read.Messages[0][1].IsText);
    }

    [Theory]
    [InlineData("0102")]
    [InlineData("to Nobody\n00")]
    [InlineData("to Server\n0")]
    [InlineData("to Server\n\"open")]
    [InlineData("to Server\n00*999999999")]
    public void What_is_no_case_is_refused(string text) =>
        Assert.ThrowsAny<Exception>(() => Assert.NotNull(CaseText.Parse(text)));

    [Fact]
    public void A_saved_case_has_the_same_bytes()
    {
        FuzzCase made = FuzzCase.OfBytes(CaseKind.Server, new Chance(1).Bytes(333));
        FuzzCase read = CaseText.Parse(CaseText.Format(made, ["two\nlines", "and more"]));
        Assert.Equal(made.ToBytes(), read.ToBytes());
    }

    [Fact]
    public void Every_kept_case_says_why_it_is_kept() =>
        Assert.All(
            Directory.EnumerateFiles(Corpus.DefaultFolder),
            f => Assert.Matches(@"^# \S.{8,}\nto ", File.ReadAllText(f)));
}
