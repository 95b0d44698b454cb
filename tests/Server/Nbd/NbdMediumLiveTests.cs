using BlockEmu.Device.Media;
using BlockEmu.Device.Tests.Simulation;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A medium that fails, or keeps a command waiting, as a client sees it.</summary>
public sealed class NbdMediumLiveTests
{
    private static NbdClient OpenStructured(NbdBench bench, string name)
    {
        NbdClient client = bench.Connect();
        client.UseStructuredReplies();
        client.Go(name);
        return client;
    }

    private static NbdReply Read(NbdClient client, ulong offset, byte[] destination) =>
        client.WaitForReply(client.Submit(NbdCommand.Read, offset, (uint)destination.Length), destination);

    [Fact]
    public async Task Y2_a_READ_that_fails_half_way_is_an_error_without_data_and_the_session_goes_on()
    {
        await using var bench = new NbdBench();
        bench.ServeFailing("bad", out FailingMedium medium);
        medium.BadByteAt = 70_000;
        using NbdClient client = bench.Open("bad");
        client.Stream.Write([.. NbdBench.Request(NbdCommand.Read, 1, 0, 131_072), .. NbdBench.Request(NbdCommand.Read, 2, 0, 512)]);
        Assert.Equal(new NbdSimpleReply(NbdError.InputOutput, 1), NbdBench.ReadReply(client.Stream));
        Assert.Equal(new NbdSimpleReply(NbdError.None, 2), NbdBench.ReadReply(client.Stream));
        byte[] data = new byte[512];
        client.Stream.ReadExactly(data);
        Assert.Equal(-1, data.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task Y6_Y8_a_READ_that_the_medium_fails_is_told_where_and_has_no_content()
    {
        await using var bench = new NbdBench();
        bench.ServeFailing("bad", out FailingMedium medium);
        medium.BadByteAt = 70_000;
        using NbdClient client = OpenStructured(bench, "bad");
        NbdReply failed = Read(client, 65_536, new byte[131_072]);
        Assert.Equal((NbdError.InputOutput, 70_000ul, "the medium failed"), (failed.Error, failed.ErrorOffsetBytes, failed.Message));
        Assert.Equal([NbdChunkType.ErrorOffset], failed.Chunks);
        Assert.Equal(NbdError.None, Read(client, 65_536, new byte[4096]).Error);
        medium.BadByteAt = null;
        Assert.Equal(NbdError.None, Read(client, 65_536, new byte[131_072]).Error);
    }

    [Fact]
    public async Task Q11_NO_HOLE_keeps_the_space_of_a_file_and_without_it_the_space_is_given_back()
    {
        const int half = 256 << 10;
        await using var bench = new NbdBench();
        ServedDisk file = bench.ServeFailing("file", out _);
        using NbdClient client = bench.Open("file");
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(2 * half), NbdCommandFlags.Fua));
        Assert.Equal(NbdError.None, client.WriteZeroes(0, half, NbdCommandFlags.NoHole | NbdCommandFlags.Fua));
        Assert.InRange(file.Disk.GetStatistics().PersistentBytes, 2 * half, 3 * half);
        Assert.Equal(NbdError.None, client.WriteZeroes(half, half, NbdCommandFlags.Fua));
        Assert.InRange(file.Disk.GetStatistics().PersistentBytes, half, (2 * half) - 1);

        // Space that was never there is taken, so that no later write can miss it.
        Assert.Equal(NbdError.None, client.WriteZeroes(2 * half, half, NbdCommandFlags.NoHole));
        Assert.Equal(NbdError.None, client.Flush());
        Assert.InRange(file.Disk.GetStatistics().PersistentBytes, 2 * half, (3 * half) - 1);
        byte[] read = new byte[3 * half];
        Assert.Equal(NbdError.None, client.Read(0, read));
        Assert.Equal(-1, read.AsSpan().IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public async Task F8_a_FLUSH_that_fails_is_EIO_and_no_promise()
    {
        await using var bench = new NbdBench();
        ServedDisk bad = bench.ServeFailing("bad", out FailingMedium medium);
        bad.OffBehaviour = OffBehaviour.Reset;
        using (NbdClient client = OpenStructured(bench, "bad"))
        {
            Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(4096)));
            medium.WriteErrno = LibC.EIO;
            NbdReply failed = client.WaitForReply(client.Submit(NbdCommand.Flush, 0, 0));
            Assert.Equal((NbdError.InputOutput, "the medium failed"), (failed.Error, failed.Message));
            medium.WriteErrno = 0;
            medium.SyncErrno = LibC.EIO;
            Assert.Equal(NbdError.InputOutput, client.Flush());
            medium.SyncErrno = LibC.ENOSPC;
            Assert.Equal(NbdError.NoSpace, client.Write(8192, NbdBench.Pattern(4096), NbdCommandFlags.Fua));
            medium.SyncErrno = 0;
            Assert.Equal(NbdError.None, client.Write(16_384, NbdBench.Pattern(4096)));
            Assert.Equal(NbdError.None, client.Flush());
        }

        bad.Disk.Cut();
        bad.Disk.PowerOn();
        using NbdClient after = bench.Open("bad");
        byte[] read = new byte[4096];
        foreach (long offset in new[] { 0L, 16_384 })
        {
            Assert.Equal(NbdError.None, after.Read(offset, read));
            Assert.Equal(NbdBench.Pattern(4096), read);
        }
    }

    [Fact]
    public async Task F2_a_write_that_was_not_answered_before_the_FLUSH_may_be_lost_although_the_FLUSH_succeeded()
    {
        await using var bench = new NbdBench();
        ServedDisk held = bench.ServeFailing("held", out FailingMedium medium);
        using NbdClient writer = bench.Open("held");
        using NbdClient flusher = bench.Open("held", unix: true);
        Assert.Equal(NbdError.None, flusher.Write(0, NbdBench.Pattern(4096, 1)));

        // The FLUSH is accepted and stands at the medium when the write comes; it then succeeds before the power goes.
        medium.Hold();
        Task<NbdError> flush = Task.Run(() => flusher.Flush());
        medium.WaitForWrite();
        Assert.Equal(NbdError.None, writer.Write(8192, NbdBench.Pattern(4096, 2)));
        medium.LetGo();
        Assert.Equal(NbdError.None, await flush);
        held.Disk.Cut();
        held.Disk.PowerOn();
        using NbdClient after = bench.Open("held");
        byte[] read = new byte[12_288];
        Assert.Equal(NbdError.None, after.Read(0, read));
        Assert.Equal([.. NbdBench.Pattern(4096, 1), .. new byte[8192]], read);
    }
}
