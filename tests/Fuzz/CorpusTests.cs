using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz.Tests;

public sealed class CorpusTests
{
    public static TheoryData<string> Names => [.. FuzzBench.Corpus.ByName.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void N21_a_kept_case_shows_no_fault(string name) =>
        Assert.Null(CaseJudge.FindFault(FuzzBench.Corpus.ByName[name], new Chance(FuzzBench.Seed)));

    [Theory]
    [InlineData("path-export-name", "Chosen")]
    [InlineData("path-list", "Aborted")]
    [InlineData("path-structured", "BlockStatus: None None; BlockStatus: None None; Read: None None")]
    [InlineData("path-context-of-another", "BlockStatus: InvalidArgument")]
    [InlineData("path-context-set-then-failed", "BlockStatus: InvalidArgument")]
    [InlineData("path-extended", "WriteZeroes: NoSpace None; BlockStatus: None Take; status: None; Write: None Take")]
    [InlineData("path-extended-export-name", "Dropped ExportNameForbidden")]
    [InlineData("write-too-long", "Write: NoSpace Close")]
    [InlineData("write-128m", "Write: NoSpace Drain")]
    [InlineData("write-past-the-end-drained", "Write: NoSpace Drain; Flush: None None")]
    [InlineData("flags-unknown", "Dropped UnknownClientFlags")]
    [InlineData("option-magic-off-by-one", "Dropped BadOptionMagic")]
    [InlineData("option-length-max", "Dropped OptionTooLong")]
    [InlineData("name-4096", "Dropped UnknownExport")]
    [InlineData("name-4097", "Dropped BadExportName")]
    [InlineData("client-simple", "done")]
    [InlineData("client-structured", "done")]
    [InlineData("client-extended", "done")]
    [InlineData("client-data-outside", "InvalidDataException")]
    [InlineData("nvme-io-write-by-r2t", "Command; HostData; Command; HostData; wants more")]
    [InlineData("nvme-io-fused", "Command; Command; HostData; Command; wants more")]
    [InlineData("nvme-io-data-past-the-end", "HostData: DataOutOfRange")]
    [InlineData("nvme-io-data-nobody-asked-for", "HostData: InvalidHeaderField 10")]
    [InlineData("nvme-twice-initialized", "InitializeRequest: SequenceError")]
    [InlineData("nvme-header-digest-wrong", "Command: HeaderDigestError 67305985")]
    [InlineData("nvme-capsule-length-max", "Command: InvalidHeaderField 4")]
    [InlineData("nvme-host-served", "done")]
    public void A_kept_case_reaches_what_it_is_kept_for(string name, string reaches) =>
        Assert.Contains(reaches, CaseJudge.Describe(FuzzBench.Corpus.ByName[name]), StringComparison.Ordinal);
}
