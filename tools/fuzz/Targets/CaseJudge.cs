using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Targets;

/// <summary>Runs a case against its machine, and says what is wrong with what came of it.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>No exception but the protocol's own outcomes.</description></item>
/// <item><description>However the bytes arrive, the same comes of them.</description></item>
/// <item><description>Memory stays in proportion to the bytes: <see cref="AllowedBytes"/>.</description></item>
/// </list>
/// </remarks>
public static class CaseJudge
{
    /// <summary>The largest thing a message may announce and get room for before it has come (a BLOCK_STATUS of 2^20
    /// extents of 16 bytes, at the NBD client), and what the machines themselves take.</summary>
    private const long ClientBaseBytes = 18 << 20;

    private const long ServerBaseBytes = 1 << 20;
    private const long BytesPerByte = 256;
    private const int BytewiseUpToBytes = 4096;

    /// <summary>What a case may allocate.</summary>
    public static long AllowedBytes(CaseKind kind, int caseBytes) =>
        (kind.IsToServer() ? ServerBaseBytes : ClientBaseBytes) + (BytesPerByte * caseBytes);

    /// <summary>Null when all is well. The chance only cuts the bytes into pieces.</summary>
    public static string? FindFault(FuzzCase theCase, Chance chance) => FindFault(theCase.Kind, theCase.ToBytes(), chance);

    public static string? FindFault(CaseKind kind, byte[] bytes, Chance chance)
    {
        try
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            string whole = Run(kind, bytes, Pieces.Whole);
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            if (allocated > AllowedBytes(kind, bytes.Length))
            {
                return $"{bytes.Length} bytes made it allocate {allocated}";
            }

            return FindDifference(kind, bytes, whole, Pieces.Random(chance))
                ?? (bytes.Length <= BytewiseUpToBytes ? FindDifference(kind, bytes, whole, Pieces.Bytewise) : null);
        }
        catch (Exception fault)
        {
            // Anything at all that a target does not know is a finding.
            string? place = fault.StackTrace?.Split('\n').FirstOrDefault(static l => l.Contains("BlockEmu", StringComparison.Ordinal));
            return $"{fault.GetType().Name}: {fault.Message}{place}".ReplaceLineEndings(" ");
        }
    }

    /// <summary>What comes of a case, in words.</summary>
    public static string Describe(FuzzCase theCase)
    {
        try
        {
            return Run(theCase.Kind, theCase.ToBytes(), Pieces.Whole);
        }
        catch (Exception fault)
        {
            return fault.ToString();
        }
    }

    private static string? FindDifference(CaseKind kind, byte[] bytes, string whole, Pieces pieces)
    {
        string cut = Run(kind, bytes, pieces);
        return string.Equals(whole, cut, StringComparison.Ordinal) ? null : $"cut into pieces it differs: [{whole} <> {cut}]";
    }

    private static string Run(CaseKind kind, byte[] bytes, Pieces pieces) => kind.Side() switch
    {
        CaseSide.NbdServer => ServerTarget.Run(kind.TlsMode(), bytes, pieces),
        CaseSide.NbdClient => ClientTarget.Run(kind, bytes, pieces),
        CaseSide.NvmeController => ControllerTarget.Run(kind, bytes, pieces),
        _ => HostTarget.Run(bytes, pieces),
    };
}
