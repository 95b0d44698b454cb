namespace BlockEmu.Fuzz.Cases;

/// <summary>The kept cases, in the order of their names.</summary>
public sealed class Corpus
{
    private readonly ILookup<CaseSide, FuzzCase> _bySide;

    private Corpus(SortedDictionary<string, FuzzCase> byName)
    {
        ByName = byName;
        _bySide = byName.Values.ToLookup(static c => c.Kind.Side());
    }

    /// <summary>Where the program's own corpus was put beside it.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "corpus");

    public IReadOnlyDictionary<string, FuzzCase> ByName { get; }

    /// <summary>Those that are said to one side.</summary>
    public FuzzCase[] SaidTo(CaseSide side) => [.. _bySide[side]];

    public static Corpus Load(string folder)
    {
        SortedDictionary<string, FuzzCase> byName = new(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(folder, "*.case"))
        {
            byName.Add(Path.GetFileNameWithoutExtension(file), CaseText.Parse(File.ReadAllText(file)));
        }

        return new Corpus(byName);
    }
}
