namespace BlockEmu.Fuzz.Targets;

/// <summary>What came of a case, in little: its steps in words, and a hash (FNV-1a) of every byte that was answered.</summary>
internal sealed class Transcript
{
    private const int MaxSteps = 64;

    private readonly List<string> _steps = [];
    private ulong _hash = 14695981039346656037;
    private long _answeredBytes;

    public void Answered(ReadOnlySpan<byte> bytes)
    {
        _answeredBytes += bytes.Length;
        foreach (byte b in bytes)
        {
            _hash = (_hash ^ b) * 1099511628211;
        }
    }

    public void Step(string step)
    {
        if (_steps.Count < MaxSteps)
        {
            _steps.Add(step);
        }
    }

    public override string ToString() => $"{string.Join("; ", _steps)}; {_answeredBytes} bytes, hash {_hash:x16}";
}
