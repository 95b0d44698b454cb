using System.Buffers.Binary;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Live;

/// <summary>Beside the hostile ones: writes stamped blocks, reads them back, flushes; its disk is its own.</summary>
internal sealed class GoodClient(LiveTarget target, Chance chance)
{
    private const int BlockBytes = 4096;
    private const int MaxBlocks = 1024;
    private const int FlushEvery = 64;

    /// <summary>Nothing here takes a hundredth of it.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(15);

    private readonly ulong[] _generations = new ulong[MaxBlocks];
    private readonly byte[] _written = new byte[BlockBytes];
    private readonly byte[] _read = new byte[BlockBytes];
    private long _operations;

    public long Operations => Interlocked.Read(ref _operations);

    /// <summary>Works until told to stop. Throws <see cref="Targets.BrokenPromiseException"/> or <see cref="IOException"/>.</summary>
    public void Run(Func<bool> goesOn)
    {
        using NbdClient client = NbdClient.Connect(target.EndPoint, s_deadline);
        switch (chance.Below(3))
        {
            case 1:
                client.UseStructuredReplies();
                break;
            case 2:
                client.UseExtendedHeaders();
                break;
            default:
                break;
        }

        NbdExport export = client.Go(target.GoodExport);
        int blockCount = (int)Math.Min(MaxBlocks, export.SizeBytes / BlockBytes);
        for (int block = 0; block < blockCount; block++)
        {
            Write(client, block);
        }

        while (goesOn())
        {
            Write(client, chance.Below(blockCount));
            Check(client, chance.Below(blockCount));
            if (chance.OneIn(FlushEvery))
            {
                Demand(client.Flush(), "FLUSH");
            }
        }

        for (int block = 0; block < blockCount; block++)
        {
            Check(client, block);
        }

        client.Disconnect();
    }

    private void Write(NbdClient client, int block)
    {
        _generations[block]++;
        Stamp(block, _written);
        Demand(client.Write((long)block * BlockBytes, _written), "WRITE");
    }

    private void Check(NbdClient client, int block)
    {
        Demand(client.Read((long)block * BlockBytes, _read), "READ");
        Stamp(block, _written);
        int same = _read.AsSpan().CommonPrefixLength(_written);
        if (same != BlockBytes)
        {
            throw new Targets.BrokenPromiseException($"the good client reads a wrong byte: block {block}, byte {same}");
        }
    }

    private void Stamp(int block, Span<byte> bytes)
    {
        SplitMix64 content = new(SplitMix64.Hash((ulong)block, _generations[block]));
        for (int at = 0; at < bytes.Length; at += sizeof(ulong))
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[at..], content.Next());
        }
    }

    private void Demand(NbdError error, string what)
    {
        Interlocked.Increment(ref _operations);
        if (error != NbdError.None)
        {
            throw new Targets.BrokenPromiseException($"the good client's {what} is answered with {error}");
        }
    }
}
