using System.Net;
using System.Net.Sockets;
using BlockEmu.Fuzz.Live;

namespace BlockEmu.Fuzz.Tests;

public sealed class LiveRunTests
{
    [Fact]
    public void A_live_server_between_hostile_clients_serves_the_good_one_and_faults_nowhere()
    {
        using FuzzBench bench = new();
        using ServerChild child = ServerChild.Start(program: null);
        using LiveRun run = new(child.Target, child, FuzzBench.Corpus, FuzzBench.Seed, bench.Findings);
        LiveReport report = run.Run(TimeSpan.FromSeconds(5));
        Assert.True(bench.Findings.Count == 0, bench.Said);
        Assert.True(child.IsAlive && report.Connections > 0 && report.GoodOperations > 0 && report.RssAtEndBytes > 0, $"{report}");
    }

    [Fact]
    public void A_server_that_drops_the_good_client_is_found_out()
    {
        using FuzzBench bench = new();
        using Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        Thread dropper = new(() => DropAll(listener)) { IsBackground = true };
        dropper.Start();
        using (LiveRun run = new(new LiveTarget(listener.LocalEndPoint!, ""), null, FuzzBench.Corpus, FuzzBench.Seed, bench.Findings))
        {
            run.Run(TimeSpan.FromMilliseconds(100));
        }

        Assert.Contains("good client", bench.Said, StringComparison.Ordinal);
        Assert.Contains("serves nobody", bench.Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nbd://127.0.0.1:10809/disk0", true)]
    [InlineData("nbd://localhost/disk0", true)]
    [InlineData("nbd+unix:///disk0?socket=/tmp/a%20socket", true)]
    [InlineData("nbd://192.0.2.1/disk0", false)]
    [InlineData("nbd://example.org/disk0", false)]
    [InlineData("http://127.0.0.1/", false)]
    [InlineData("disk0", false)]
    public void Only_servers_of_this_machine_are_attacked(string text, bool isTaken)
    {
        if (isTaken)
        {
            Assert.Equal("disk0", LiveTarget.Parse(text).GoodExport);
        }
        else
        {
            Assert.Throws<FormatException>(() => LiveTarget.Parse(text));
        }
    }

    private static void DropAll(Socket listener)
    {
        try
        {
            while (true)
            {
                listener.Accept().Dispose();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
