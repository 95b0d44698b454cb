using System.Runtime.InteropServices;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Media;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>SIGKILL while atoms of many pages are on their way into the image, or out of it again: the next server shows each whole
/// or not at all. BLOCKEMU_TEST_LONG=1 kills 500 times, and 200 times inside power moves.</summary>
public sealed class KillInsideAtomTests(ITestOutputHelper output)
{
    private const int AtomBytes = 512 << 10; // of more the server warns, for Linux does not show it over NVMe
    private const int Slots = 8;
    private const int SlotBytes = AtomBytes + 4096; // and no slot begins at a page of its own
    private const int FirstByte = 63 * 512;

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1";

    [Fact]
    public async Task Every_atom_is_whole_and_none_that_was_confirmed_is_missing()
    {
        const ulong seed = 41;
        int kills = s_isLong ? 500 : 8;
        SplitMix64 chance = new(seed);
        using TempFolder folder = new();
        string image = folder.File("image");
        string disk = $"name={LiveServer.DiskName},size=16M,medium=file:{image},awun=512K,awupf=512K,cache=4M,sync=none";
        long[] confirmed = new long[Slots];
        long[] sent = new long[Slots];
        int inside = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            string what = $"seed {seed}, kill {kill}";
            await using ServerProcess server = await ServerProcess.StartAsync(disk);
            Judge(server, confirmed, sent, what);
            using CountdownEvent busy = new(1 + (int)chance.NextBelow(60));
            Task writer = Task.Run(() => WriteUntilKilled(server, confirmed, sent, busy));
            Assert.True(busy.Wait(LiveServer.Patience), $"{what}: the load does not get on");
            Linger(ref chance, maxDraws: 200_000);
            await server.KillAsync();
            await writer;
            inside += ImageRecovery.Look(image).State == RedoState.Unfinished ? 1 : 0;
        }

        await using ServerProcess last = await ServerProcess.StartAsync(disk);
        Judge(last, confirmed, sent, "after the last kill");
        output.WriteLine($"{kills} kills, {inside} of them in the middle of an atom");
    }

    [Fact]
    public async Task A_kill_inside_a_cut_or_a_recut_tears_no_atom_either()
    {
        const ulong seed = 42;
        int kills = s_isLong ? 200 : 6;
        SplitMix64 chance = new(seed);
        using TempFolder folder = new();
        string image = folder.File("image");
        string disk = $"name={LiveServer.DiskName},size=16M,medium=file:{image},awun=512K,awupf=512K,cache=64M,sync=none";
        long[] persistent = new long[Slots];
        long[] sent = new long[Slots];
        int inside = 0;
        for (int kill = 0; kill < kills; kill++)
        {
            string what = $"seed {seed}, kill {kill}";
            await using ServerProcess server = await ServerProcess.StartAsync(disk, hasAdmin: true);
            Judge(server, persistent, sent, what);
            WriteToCache(server, sent);
            using CountdownEvent busy = new(1 + (int)chance.NextBelow(12));
            ulong firstCut = chance.Next() >> 1;
            Task mover = MoveUntilKilledAsync(server.Admin, firstCut, () => _ = busy.IsSet || busy.Signal());
            Assert.True(busy.Wait(LiveServer.Patience), $"{what}: the moves do not get on");
            Linger(ref chance, maxDraws: 30_000_000);
            await server.KillAsync();
            await mover;
            inside += ImageRecovery.Look(image).State == RedoState.Unfinished ? 1 : 0;
        }

        await using ServerProcess last = await ServerProcess.StartAsync(disk);
        Judge(last, persistent, sent, "after the last kill");
        output.WriteLine($"{kills} kills, {inside} of them in the middle of atoms");
    }

    /// <summary>Passes a little time, of which the seed says how much: not every kill shall come right behind a reply.</summary>
    private static void Linger(ref SplitMix64 chance, ulong maxDraws)
    {
        for (ulong n = chance.NextBelow(maxDraws); n > 0; n--)
        {
            chance.Next();
        }
    }

    /// <summary>Two versions of every slot, which the cache holds back.</summary>
    private static void WriteToCache(ServerProcess server, long[] sent)
    {
        byte[] payload = new byte[AtomBytes];
        using NbdClient client = Open(server);
        for (int n = 0; n < 2 * Slots; n++)
        {
            MemoryMarshal.Cast<byte, long>(payload.AsSpan()).Fill(++sent[n % Slots]);
            Assert.Equal(NbdError.None, client.Write(At(n % Slots), payload));
        }
    }

    private static async Task MoveUntilKilledAsync(string admin, ulong seed, Action onMove)
    {
        using CutByHttp power = new(admin);
        try
        {
            onMove(); // also the cut itself is worth a kill
            await power.CutAsync(seed);
            while (true)
            {
                onMove();
                await power.RecutAsync(++seed);
            }
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // The server is gone.
        }
    }

    private static NbdClient Open(ServerProcess server)
    {
        NbdClient client = NbdClient.Connect(server.EndPoint, LiveServer.Patience);
        client.Go(LiveServer.DiskName);
        return client;
    }

    /// <summary>Writes of one atom each with FUA, one at a time.</summary>
    private static void WriteUntilKilled(ServerProcess server, long[] confirmed, long[] sent, CountdownEvent busy)
    {
        byte[] payload = new byte[AtomBytes];
        try
        {
            using NbdClient client = Open(server);
            for (int n = 0; ; n++)
            {
                int slot = n % Slots;
                sent[slot]++;
                MemoryMarshal.Cast<byte, long>(payload.AsSpan()).Fill(sent[slot]);
                if (client.Write(At(slot), payload, NbdCommandFlags.Fua) == NbdError.None)
                {
                    confirmed[slot] = sent[slot];
                }

                if (!busy.IsSet)
                {
                    busy.Signal();
                }
            }
        }
        catch (Exception e) when (e is IOException or NbdNegotiationException)
        {
            // The server is gone.
        }
    }

    /// <summary>Each slot holds one stamp throughout: the newest confirmed one, or one that was sent after it.</summary>
    private static void Judge(ServerProcess server, long[] confirmed, long[] sent, string what)
    {
        byte[] bytes = new byte[AtomBytes];
        using NbdClient client = Open(server);
        for (int slot = 0; slot < Slots; slot++)
        {
            Assert.Equal(NbdError.None, client.Read(At(slot), bytes));
            ReadOnlySpan<long> stamps = MemoryMarshal.Cast<byte, long>(bytes.AsSpan());
            int torn = stamps.IndexOfAnyExcept(stamps[0]);
            Assert.True(torn < 0, $"{what}: slot {slot} is torn at byte {torn * 8L}: {stamps[0]}, then {(torn < 0 ? 0 : stamps[torn])}");
            Assert.True(stamps[0] >= confirmed[slot] && stamps[0] <= sent[slot], $"{what}: slot {slot} holds {stamps[0]}, {confirmed[slot]} was confirmed");
            sent[slot] = confirmed[slot] = stamps[0];
        }
    }

    private static long At(int slot) => FirstByte + ((long)slot * SlotBytes);
}
