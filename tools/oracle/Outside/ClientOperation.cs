using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Oracle.Outside;

/// <summary>One request as its client saw it.</summary>
internal sealed class ClientOperation
{
    /// <summary>In place of a position: never.</summary>
    public const int Never = int.MaxValue;

    /// <summary>Its number in the log, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>Who sent it; may be empty.</summary>
    public required string Client { get; init; }

    /// <summary>What it writes; <see langword="null"/> = it is a flush.</summary>
    public StepKind? Kind { get; init; }

    /// <summary>As it was asked for, in bytes.</summary>
    public Extent Range { get; init; }

    public bool IsFua { get; init; }

    /// <summary>The data of a write.</summary>
    public ReadOnlyMemory<byte> Payload { get; init; }

    /// <summary>What the disk promises of it; of a flush nothing.</summary>
    public AtomicityPromise? Promise { get; init; }

    /// <summary>Its position in the log: nothing of it had left the client before.</summary>
    public required int SentAt { get; init; }

    /// <summary>The position at which its reply had arrived, or <see cref="Never"/>.</summary>
    public int AnsweredAt { get; set; } = Never;

    /// <summary>Whether that reply was a success.</summary>
    public bool IsGood { get; set; }

    public override string ToString()
    {
        string word = Kind switch { null => "flush", StepKind.Write => "write", StepKind.Trim => "trim", _ => "zeroes" };
        return Client.Length == 0 ? $"{word} {Number}" : $"{word} {Number} of {Client}";
    }
}
