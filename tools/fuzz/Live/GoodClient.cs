using System.Buffers.Binary;
using BlockEmu.Device.Randomness;

namespace BlockEmu.Fuzz.Live;

/// <summary>Beside the hostile ones: writes stamped blocks, reads them back, flushes; its disk is its own.</summary>
/// <param name="open">A way to it, drawn from the chance.</param>
/// <param name="chance">What is done.</param>
internal sealed class GoodClient(Func<Chance, IGoodDoor> open, Chance chance)
{
    private const int BlockBytes = 4096;
    private const int MaxBlocks = 1024;
    private const int MaxRunBlocks = 128;
    private const int FlushEvery = 64;
    private const int StayFor = 5000;

    private readonly ulong[] _generations = new ulong[MaxBlocks];
    private readonly byte[] _written = new byte[MaxRunBlocks * BlockBytes];
    private readonly byte[] _read = new byte[MaxRunBlocks * BlockBytes];
    private long _operations;

    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Works until told to stop, over one connection after the other. Throws
    /// <see cref="Targets.BrokenPromiseException"/> or <see cref="IOException"/>.</summary>
    public void Run(Func<bool> goesOn)
    {
        bool isFirst = true;
        do
        {
            using IGoodDoor door = open(chance);
            int blockCount = (int)Math.Min(MaxBlocks, door.SizeBytes / BlockBytes);
            if (isFirst)
            {
                WriteAll(door, blockCount);
                isFirst = false;
            }

            for (int i = 0; i < StayFor && goesOn(); i++)
            {
                Work(door, blockCount);
            }

            for (int block = 0; block < blockCount; block += MaxRunBlocks)
            {
                Check(door, block, Math.Min(MaxRunBlocks, blockCount - block));
            }

            door.Leave();
        }
        while (goesOn());
    }

    private void WriteAll(IGoodDoor door, int blockCount)
    {
        for (int block = 0; block < blockCount; block += MaxRunBlocks)
        {
            Write(door, block, Math.Min(MaxRunBlocks, blockCount - block));
        }
    }

    private void Work(IGoodDoor door, int blockCount)
    {
        Write(door, DrawBlock(blockCount, out int count), count);
        Check(door, DrawBlock(blockCount, out count), count);
        if (chance.OneIn(FlushEvery))
        {
            Demand(door.Flush(), "FLUSH");
        }
    }

    /// <summary>Mostly one block, now and then many: they take other ways through the server.</summary>
    private int DrawBlock(int blockCount, out int count)
    {
        count = chance.OneIn(8) ? 1 + chance.Below(MaxRunBlocks) : 1;
        return chance.Below(blockCount - count + 1);
    }

    private void Write(IGoodDoor door, int block, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _generations[block + i]++;
        }

        Demand(door.Write((long)block * BlockBytes, Stamp(block, count)), "WRITE");
    }

    private void Check(IGoodDoor door, int block, int count)
    {
        Span<byte> read = _read.AsSpan(0, count * BlockBytes);
        Demand(door.Read((long)block * BlockBytes, read), "READ");
        int same = read.CommonPrefixLength(Stamp(block, count));
        if (same != read.Length)
        {
            throw new Targets.BrokenPromiseException(
                $"the good client reads a wrong byte: block {block + (same / BlockBytes)}, byte {same % BlockBytes}");
        }
    }

    private ReadOnlySpan<byte> Stamp(int block, int count)
    {
        Span<byte> bytes = _written.AsSpan(0, count * BlockBytes);
        for (int at = 0; at < bytes.Length; at += BlockBytes)
        {
            int index = block + (at / BlockBytes);
            SplitMix64 content = new(SplitMix64.Hash((ulong)index, _generations[index]));
            for (int word = 0; word < BlockBytes; word += sizeof(ulong))
            {
                BinaryPrimitives.WriteUInt64LittleEndian(bytes[(at + word)..], content.Next());
            }
        }

        return bytes;
    }

    private void Demand(string? fault, string what)
    {
        Interlocked.Increment(ref _operations);
        if (fault is not null)
        {
            throw new Targets.BrokenPromiseException($"the good client's {what} is answered with {fault}");
        }
    }
}
