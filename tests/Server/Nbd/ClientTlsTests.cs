using System.IO.Pipes;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Server.Transport;
using BlockEmu.Tests.Shared;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A client behind TLS: what a link promises, kept over records.</summary>
public sealed class ClientTlsTests : IDisposable
{
    private readonly SocketPair _pair = new(NbdBench.Patience);
    private readonly TestAuthority _authority = new();
    private readonly X509Certificate2 _certificate;
    private readonly NbdTls _tls;
    private readonly ClientTls _link;
    private readonly SslStream _client;
    private readonly WireTap _wire;

    public ClientTlsTests()
    {
        _certificate = _authority.Issue(TestAuthority.ServerUsage);
        _tls = new NbdTls(NbdTlsMode.Required, SslStreamCertificateContext.Create(_certificate, null, offline: true));
        _wire = new WireTap(_pair.Stream);
        (_link, _client) = Secure(new ClientSocket(_pair.Server), _wire);
    }

    [Fact]
    public void Records_that_arrived_together_come_in_one_receive_and_none_is_left()
    {
        for (byte i = 0; i < 100; i++)
        {
            _client.Write([i, i]);
        }

        Assert.Equal([.. Enumerable.Range(0, 200).Select(i => (byte)(i / 2))], ReceiveAll(200));
        Assert.False(_link.HasArrivals);
    }

    [Fact]
    public void What_a_receive_had_no_room_for_is_an_arrival()
    {
        _client.Write(NbdBench.Pattern(10_000));
        byte[] small = new byte[100];
        Assert.Equal(SocketReceipt.Data, _link.Receive(small, out int receivedBytes));
        Assert.Equal((100, true), (receivedBytes, _link.HasArrivals));
        Assert.Equal(NbdBench.Pattern(10_000)[100..], ReceiveAll(9_900));
        Assert.False(_link.HasArrivals);
    }

    [Fact]
    public void Half_a_record_is_idle_and_goes_on_where_it_was()
    {
        using MemoryStream held = new();
        _wire.Held = held;
        _client.Write(NbdBench.Pattern(3000));
        byte[] record = held.ToArray();
        _link.LimitReceives(50);
        _pair.Stream.Write(record.AsSpan(0, 1000));
        Assert.Equal(SocketReceipt.Idle, _link.Receive(new byte[8192], out int receivedBytes));
        Assert.Equal(0, receivedBytes);
        Assert.Equal(SocketReceipt.Idle, _link.Receive(new byte[8192], out _));
        _pair.Stream.Write(record.AsSpan(1000));
        Assert.True(_link.WaitUntilReadable(-1));
        Assert.Equal(NbdBench.Pattern(3000), ReceiveAll(3000));
    }

    [Fact]
    public void Nothing_is_idle_and_the_next_record_is_received()
    {
        _link.LimitReceives(50);
        Assert.Equal(SocketReceipt.Idle, _link.Receive(new byte[8], out _));
        Assert.False(_link.HasArrivals);
        _client.Write([1, 2, 3]);
        Assert.True(_link.WaitUntilReadable(-1));
        Assert.Equal([1, 2, 3], ReceiveAll(3));
    }

    [Fact]
    public async Task A_reset_wakes_who_receives()
    {
        Task<SocketReceipt> receiving = Task.Run(() => _link.Receive(new byte[8], out _));
        _link.Reset();
        Assert.Equal(SocketReceipt.End, await receiving.WaitAsync(NbdBench.Patience));
        Assert.Equal(SocketReceipt.End, _link.Receive(new byte[8], out _));
    }

    [Fact]
    public async Task A_reset_wakes_who_sends_and_nothing_leaves_afterwards()
    {
        Task<bool> sending = Task.Run(() =>
        {
            while (_link.Send(new byte[1 << 20]))
            {
                // Nobody reads: it ends in the middle of one.
            }

            return true;
        });
        Assert.True(SpinWait.SpinUntil(() => _pair.Client.Available > 100_000, NbdBench.Patience));
        _link.Reset();
        Assert.True(await sending.WaitAsync(NbdBench.Patience));
        int before = _pair.Client.Available;
        Assert.False(_link.Send([1]));
        _link.Dispose();
        Assert.Equal(before, _pair.Client.Available);
    }

    [Fact]
    public void The_end_of_receiving_comes_after_what_has_arrived_and_stops_no_sending()
    {
        _client.Write([1]);
        Assert.True(SpinWait.SpinUntil(() => _pair.Server.Available > 0, NbdBench.Patience));
        _link.EndReceiving();
        Assert.Equal([1], ReceiveAll(1));
        Assert.Equal(SocketReceipt.End, _link.Receive(new byte[8], out _));
        Assert.True(_link.Send([7]));
        Assert.Equal(7, _client.ReadByte());
    }

    [Fact]
    public async Task L8_closing_does_not_wait_for_a_client_that_does_not_read()
    {
        _pair.Server.Blocking = false;
        SocketError error;
        do
        {
            _pair.Server.Send(new byte[1 << 16], 0, 1 << 16, SocketFlags.None, out error);
        }
        while (error == SocketError.Success);
        _pair.Server.Blocking = true;
        await Task.Run(_link.Dispose).WaitAsync(NbdBench.Patience);
    }

    [Fact]
    public void Behind_two_pipes_it_is_the_same()
    {
        using AnonymousPipeServerStream toServer = new(PipeDirection.Out);
        using AnonymousPipeServerStream fromServer = new(PipeDirection.In);
        ClientPipes pipes = new(TakeClientEnd(toServer), TakeClientEnd(fromServer), sendsToSocket: false);
        (ClientTls link, SslStream client) = Secure(pipes, new DuplexStream(fromServer, toServer));
        byte[] sent = NbdBench.Pattern(5000);
        client.Write(sent);
        byte[] received = new byte[5000];
        int bytes = 0;
        while (bytes < received.Length)
        {
            Assert.Equal(SocketReceipt.Data, link.Receive(received.AsSpan(bytes), out int receivedBytes));
            bytes += receivedBytes;
        }

        Assert.Equal(sent, received);
        Assert.True(link.Send([9]));
        Assert.Equal(9, client.ReadByte());
        link.Dispose();
        Assert.Equal(-1, client.ReadByte());
        client.Dispose();
    }

    [Fact]
    public async Task A_client_that_pauses_in_the_handshake_is_waited_for()
    {
        using SocketPair pair = new(NbdBench.Patience);
        using MemoryStream held = new();
        using WireTap wire = new(pair.Stream) { Held = held };
        using SslStream client = new(wire);
        ClientSocket below = new(pair.Server);
        below.LimitReceives(10);
        Task<ClientTls?> accepted = Task.Run(() => ClientTls.TryAuthenticate(below, _tls.CreateAuthentication(), out _));
        Task authenticated = Task.Run(() => client.AuthenticateAsClient(Expectation()));
        Assert.True(SpinWait.SpinUntil(() => held.Length > 100, NbdBench.Patience));

        // Twenty times its patience; a link that gave up would have ended by then.
        Assert.NotSame(accepted, await Task.WhenAny(accepted, Task.Delay(200)));
        wire.Held = null;
        wire.Write(held.ToArray());
        await authenticated.WaitAsync(NbdBench.Patience);
        using ClientTls? link = await accepted.WaitAsync(NbdBench.Patience);
        Assert.NotNull(link);
    }

    public void Dispose()
    {
        _client.Dispose();
        _link.Dispose();
        _wire.Dispose();
        _pair.Dispose();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private (ClientTls Link, SslStream Client) Secure(ClientLink below, Stream stream)
    {
        SslStream client = new(stream);
        Task<ClientTls?> accepted = Task.Run(() => ClientTls.TryAuthenticate(below, _tls.CreateAuthentication(), out _));
        client.AuthenticateAsClient(Expectation());
        return (accepted.GetAwaiter().GetResult()!, client);
    }

    private SslClientAuthenticationOptions Expectation() => new()
    {
        TargetHost = "localhost",
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            CustomTrustStore = { _authority.Root },
        },
    };

    private static SafeFileHandle TakeClientEnd(AnonymousPipeServerStream pipe)
    {
        SafeFileHandle taken = new(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: true);
        pipe.ClientSafePipeHandle.SetHandleAsInvalid();
        return taken;
    }

    private byte[] ReceiveAll(int lengthBytes)
    {
        byte[] received = new byte[lengthBytes + 1];
        int bytes = 0;
        while (bytes < lengthBytes)
        {
            Assert.Equal(SocketReceipt.Data, _link.Receive(received.AsSpan(bytes), out int receivedBytes));
            bytes += receivedBytes;
        }

        return received[..bytes];
    }
}
