using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Tests;

/// <summary>What these tests share: the kept corpus, the seed, a place for findings.</summary>
internal sealed class FuzzBench : IDisposable
{
    private readonly StringWriter _said = new();

    public FuzzBench() => Findings = new Findings(Folder, _said);

    public static Corpus Corpus { get; } = Corpus.Load(Corpus.DefaultFolder);

    /// <summary>The same in every run unless <c>BLOCKEMU_TEST_SEED</c> says otherwise.</summary>
    public static ulong Seed { get; } =
        ulong.TryParse(Environment.GetEnvironmentVariable("BLOCKEMU_TEST_SEED"), out ulong seed) ? seed : 20260101;

    public string Folder { get; } = Directory.CreateTempSubdirectory("blockemu-test-").FullName;

    public Findings Findings { get; }

    /// <summary>What was found, in words, for a test's message.</summary>
    public string Said => $"seed {Seed}: {_said}";

    public void Dispose()
    {
        _said.Dispose();
        Directory.Delete(Folder, recursive: true);
    }
}
