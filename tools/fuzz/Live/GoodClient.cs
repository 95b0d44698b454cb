using System.Buffers.Binary;
using System.Net.Security;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Live;

/// <summary>Beside the hostile ones: writes stamped blocks, reads them back, flushes; its disk is its own.</summary>
internal sealed class GoodClient(LiveTarget target, Chance chance)
{
    private const int BlockBytes = 4096;
    private const int MaxBlocks = 1024;
    private const int MaxRunBlocks = 128;
    private const int FlushEvery = 64;
    private const int StayFor = 5000;

    /// <summary>Nothing here takes a hundredth of it.</summary>
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(15);

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
            using NbdClient client = Open(out int blockCount);
            if (isFirst)
            {
                WriteAll(client, blockCount);
                isFirst = false;
            }

            for (int i = 0; i < StayFor && goesOn(); i++)
            {
                Work(client, blockCount);
            }

            for (int block = 0; block < blockCount; block += MaxRunBlocks)
            {
                Check(client, block, Math.Min(MaxRunBlocks, blockCount - block));
            }

            client.Disconnect();
        }
        while (goesOn());
    }

    /// <summary>Connects in one of the ways there are.</summary>
    private NbdClient Open(out int blockCount)
    {
        NbdClient client = NbdClient.Connect(target.EndPoint, s_deadline);
        if (target.HasTls && chance.OneIn(3))
        {
#pragma warning disable CA5359 // Our own child's, over a socket in a folder of our own; who it is was never in doubt.
            client.StartTls(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
#pragma warning restore CA5359
        }

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

        blockCount = (int)Math.Min(MaxBlocks, client.Go(target.GoodExport).SizeBytes / BlockBytes);
        return client;
    }

    private void WriteAll(NbdClient client, int blockCount)
    {
        for (int block = 0; block < blockCount; block += MaxRunBlocks)
        {
            Write(client, block, Math.Min(MaxRunBlocks, blockCount - block));
        }
    }

    private void Work(NbdClient client, int blockCount)
    {
        Write(client, DrawBlock(blockCount, out int count), count);
        Check(client, DrawBlock(blockCount, out count), count);
        if (chance.OneIn(FlushEvery))
        {
            Demand(client.Flush(), "FLUSH");
        }
    }

    /// <summary>Mostly one block, now and then many: they take other ways through the server.</summary>
    private int DrawBlock(int blockCount, out int count)
    {
        count = chance.OneIn(8) ? 1 + chance.Below(MaxRunBlocks) : 1;
        return chance.Below(blockCount - count + 1);
    }

    private void Write(NbdClient client, int block, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _generations[block + i]++;
        }

        Demand(client.Write((long)block * BlockBytes, Stamp(block, count)), "WRITE");
    }

    private void Check(NbdClient client, int block, int count)
    {
        Span<byte> read = _read.AsSpan(0, count * BlockBytes);
        Demand(client.Read((long)block * BlockBytes, read), "READ");
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

    private void Demand(NbdError error, string what)
    {
        Interlocked.Increment(ref _operations);
        if (error != NbdError.None)
        {
            throw new Targets.BrokenPromiseException($"the good client's {what} is answered with {error}");
        }
    }
}
