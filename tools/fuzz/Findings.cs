using System.Globalization;
using BlockEmu.Fuzz.Cases;
using BlockEmu.Fuzz.Mutating;
using BlockEmu.Fuzz.Targets;

namespace BlockEmu.Fuzz;

/// <summary>What was found: minimised, and saved so that it can be replayed.</summary>
public sealed class Findings(string folder, TextWriter output)
{
    private const int MaxSaved = 100;

    // Protects the two below; both halves of a run report here.
    private readonly Lock _gate = new();
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);
    private int _count;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _count;
            }
        }
    }

    /// <summary>A case that fails in process: the first of its fault is minimised, others are only counted.</summary>
    public void Add(FuzzCase theCase, string fault, string origin)
    {
        if (!IsNew(fault))
        {
            return;
        }

        string signature = SignatureOf(fault);
        byte[] small = Minimiser.Minimise(
            theCase.ToBytes(), b => CaseJudge.FindFault(theCase.Kind, b, new Chance(1)) is { } f && SignatureOf(f) == signature);
        Save(FuzzCase.OfBytes(theCase.Kind, small), fault, origin);
    }

    /// <summary>A fault of a live server, with what was said to it last.</summary>
    public void AddLive(string fault, IEnumerable<byte[]> lastSaid, string origin)
    {
        if (!IsNew(fault))
        {
            return;
        }

        int i = 0;
        foreach (byte[] bytes in lastSaid)
        {
            i++;
            Save(FuzzCase.OfBytes(CaseKind.Server, bytes), fault, $"{origin}, one of the last connections ({i})");
        }

        if (i == 0)
        {
            output.WriteLine($"FOUND: {fault}");
        }
    }

    /// <summary>The kind of fault and its place: not the numbers in it, not what stands between brackets.</summary>
    private static string SignatureOf(string fault)
    {
        int open = fault.IndexOf('[', StringComparison.Ordinal);
        int close = fault.LastIndexOf(']');
        string kind = open >= 0 && close > open ? fault.Remove(open, close - open) : fault;
        return string.Concat(kind.Where(static c => !char.IsAsciiDigit(c)));
    }

    private bool IsNew(string fault)
    {
        lock (_gate)
        {
            _count++;
            return _known.Count < MaxSaved && _known.Add(SignatureOf(fault));
        }
    }

    private void Save(FuzzCase theCase, string fault, string origin)
    {
        byte[] hash = System.Security.Cryptography.SHA256.HashData(theCase.ToBytes());
        string name = string.Create(CultureInfo.InvariantCulture, $"{theCase.Kind}-{Convert.ToHexStringLower(hash.AsSpan(0, 6))}.case");
        string path = Path.Combine(folder, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(path, CaseText.Format(
            theCase, [fault, origin, $"replay: dotnet run -c Release --project tools/fuzz -- --replay {name}"]));
        output.WriteLine($"FOUND: {fault}\n       {theCase.ToBytes().Length} bytes, saved as {path}");
    }
}
