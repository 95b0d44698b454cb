using BlockEmu.Fuzz.Cases;

namespace BlockEmu.Fuzz.Mutating;

/// <summary>Changes bytes without knowing what they mean.</summary>
internal sealed class ByteMutation(byte[] bytes, Chance chance)
{
    private const int MaxCaseBytes = 1 << 20;
    private const int MaxPieceBytes = 64;

    public byte[] Result { get; private set; } = bytes;

    public void Step(FuzzCase[] others)
    {
        int at = chance.Below(Result.Length + 1);
        int piece = Math.Min(chance.Below(MaxPieceBytes) + 1, Result.Length - at);
        switch (chance.Below(6))
        {
            case 0 or 1 when at < Result.Length:
                byte[] flipped = [.. Result];
                flipped[at] ^= (byte)(1 << chance.Below(8));
                Result = flipped;
                break;
            case 2:
                Keep([.. Result.AsSpan(0, at), .. chance.Bytes(chance.Below(MaxPieceBytes)), .. Result.AsSpan(at)]);
                break;
            case 3:
                Result = [.. Result.AsSpan(0, at), .. Result.AsSpan(at + piece)];
                break;
            case 4:
                Keep([.. Result.AsSpan(0, at + piece), .. Result.AsSpan(at)]);
                break;
            case 5 when others.Length > 0:
                byte[] other = chance.Pick<FuzzCase>(others).ToBytes();
                Keep([.. Result.AsSpan(0, at), .. other.AsSpan(chance.Below(other.Length + 1))]);
                break;
            default:
                Result = Result[..at];
                break;
        }
    }

    private void Keep(byte[] made) => Result = made.Length <= MaxCaseBytes ? made : Result;
}
