using System.Runtime.InteropServices;
using BlockEmu.Clients.Tests.Support;
using BlockEmu.Device.Randomness;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>SIGKILL while an atom of many pages is on its way into the image: the next server shows it whole or not at all.
/// BLOCKEMU_TEST_LONG=1 kills 500 times.</summary>
public sealed class KillInsideAtomTests(ITestOutputHelper output)
{
    private const int AtomBytes = 1 << 20;
    private const int Slots = 8;
    private const int SlotBytes = AtomBytes + 4096; // and no slot begins at a page of its own
    private const int FirstByte = 63 * 512;

    private static readonly int s_kills = Environment.GetEnvironmentVariable("BLOCKEMU_TEST_LONG") == "1" ? 500 : 8;

    [Fact]
    public async Task Every_atom_is_whole_and_none_that_was_confirmed_is_missing()
    {
        const ulong seed = 41;
        SplitMix64 chance = new(seed);
        using TempFolder folder = new();
        string disk = $"name=d,size=16M,medium=file:{folder.File("image")},awun=1M,awupf=1M,cache=4M,sync=none";
        long[] confirmed = new long[Slots];
        long[] sent = new long[Slots];
        int unfinished = 0;
        for (int kill = 0; kill < s_kills; kill++)
        {
            string what = $"seed {seed}, kill {kill}";
            await using ServerProcess server = await ServerProcess.StartAsync(disk);
            using (NbdClient reader = Open(server))
            {
                unfinished += Judge(reader, confirmed, sent, what);
            }

            using CountdownEvent busy = new(1 + (int)chance.NextBelow(60));
            Task writer = Task.Run(() => WriteUntilKilled(server, confirmed, sent, busy));
            Assert.True(busy.Wait(LiveServer.Patience), $"{what}: the load does not get on");
            await server.KillAsync();
            await writer;
        }

        await using ServerProcess last = await ServerProcess.StartAsync(disk);
        using NbdClient client = Open(last);
        unfinished += Judge(client, confirmed, sent, "after the last kill");
        output.WriteLine($"{s_kills} kills; in {unfinished} the atom in flight was there when the next server looked");
    }

    private static NbdClient Open(ServerProcess server)
    {
        NbdClient client = NbdClient.Connect(server.EndPoint, LiveServer.Patience);
        client.Go("d");
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

    /// <summary>Each slot holds one stamp throughout: the newest confirmed one, or the one that was in flight.</summary>
    private static int Judge(NbdClient client, long[] confirmed, long[] sent, string what)
    {
        int unfinished = 0;
        byte[] bytes = new byte[AtomBytes];
        for (int slot = 0; slot < Slots; slot++)
        {
            Assert.Equal(NbdError.None, client.Read(At(slot), bytes));
            ReadOnlySpan<long> stamps = MemoryMarshal.Cast<byte, long>(bytes.AsSpan());
            int torn = stamps.IndexOfAnyExcept(stamps[0]);
            Assert.True(torn < 0, $"{what}: slot {slot} is torn at byte {torn * 8L}: {stamps[0]}, then {(torn < 0 ? 0 : stamps[torn])}");
            Assert.True(stamps[0] >= confirmed[slot] && stamps[0] <= sent[slot], $"{what}: slot {slot} holds {stamps[0]}, {confirmed[slot]} was confirmed");
            unfinished += stamps[0] > confirmed[slot] ? 1 : 0;
            sent[slot] = confirmed[slot] = stamps[0];
        }

        return unfinished;
    }

    private static long At(int slot) => FirstByte + ((long)slot * SlotBytes);
}
