namespace BlockEmu.Fuzz.Cases;

/// <summary>The kept cases, in the order of their names.</summary>
public sealed class Corpus
{
    private Corpus(SortedDictionary<string, FuzzCase> byName)
    {
        ByName = byName;
        Servers = [.. byName.Values.Where(static c => c.Kind.IsToServer())];
        Clients = [.. byName.Values.Where(static c => !c.Kind.IsToServer())];
    }

    /// <summary>Where the program's own corpus was put beside it.</summary>
    public static string DefaultFolder => Path.Combine(AppContext.BaseDirectory, "corpus");

    public IReadOnlyDictionary<string, FuzzCase> ByName { get; }

    public FuzzCase[] Servers { get; }

    public FuzzCase[] Clients { get; }

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
