using System.IO.Pipes;
using System.Net.Sockets;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Server.Transport;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>A client behind two pipes, or two sockets.</summary>
public sealed class ClientPipesTests : IDisposable
{
    private readonly AnonymousPipeServerStream _toServer = new(PipeDirection.Out);
    private readonly AnonymousPipeServerStream _fromServer = new(PipeDirection.In);
    private readonly ClientPipes _pipes;

    public ClientPipesTests() =>
        _pipes = new ClientPipes(TakeClientEnd(_toServer), TakeClientEnd(_fromServer), sendsToSocket: false);

    [Fact]
    public void Bytes_go_both_ways()
    {
        _toServer.Write([1, 2, 3]);
        byte[] received = new byte[8];
        Assert.True(_pipes.HasArrivals);
        Assert.Equal(SocketReceipt.Data, _pipes.Receive(received, out int receivedBytes));
        Assert.Equal([1, 2, 3], received[..receivedBytes]);
        Assert.False(_pipes.HasArrivals);
        Assert.True(_pipes.Send([4, 5]));
        _fromServer.ReadExactly(received, 0, 2);
        Assert.Equal([4, 5], received[..2]);
    }

    [Fact]
    public async Task What_the_pipe_cannot_hold_waits_for_the_reader()
    {
        byte[] large = NbdBench.Pattern((1 << 20) + 3);
        Task<bool> sent = Task.Run(() => _pipes.Send(large));
        byte[] received = new byte[large.Length];
        _fromServer.ReadExactly(received);
        Assert.True(await sent);
        Assert.Equal(large, received);
    }

    [Fact]
    public void A_client_that_closed_is_the_end()
    {
        _toServer.Write([1]);
        _toServer.Dispose();
        _fromServer.Dispose();
        Assert.Equal(SocketReceipt.Data, _pipes.Receive(new byte[8], out _));
        Assert.Equal(SocketReceipt.End, _pipes.Receive(new byte[8], out _));
        Assert.False(_pipes.Send([1]));
        _pipes.WaitUntilGone();
        Assert.True(_pipes.WaitUntilReadable(-1));
    }

    [Fact]
    public void Nothing_for_as_long_as_was_set_is_idle()
    {
        _pipes.LimitReceives(100);
        Assert.Equal(SocketReceipt.Idle, _pipes.Receive(new byte[8], out int receivedBytes));
        Assert.Equal(0, receivedBytes);
    }

    [Fact]
    public void The_end_of_receiving_comes_after_what_has_arrived_and_stops_no_sending()
    {
        _toServer.Write([1]);
        _pipes.EndReceiving();
        Assert.Equal(SocketReceipt.Data, _pipes.Receive(new byte[8], out _));
        Assert.Equal(SocketReceipt.End, _pipes.Receive(new byte[8], out _));
        Assert.True(_pipes.Send([2]));
        Assert.Equal(2, _fromServer.ReadByte());
    }

    [Fact]
    public void A_reset_wakes_a_sender_and_nothing_leaves_after_it()
    {
        bool sent = true;
        Thread sender = new(() => sent = _pipes.Send(new byte[1 << 20]));
        sender.Start();
        Assert.Equal(0, _fromServer.ReadByte());
        _pipes.Reset();
        sender.Join();
        Assert.False(sent);
        Assert.False(_pipes.Send([1]));
        Assert.Equal(SocketReceipt.End, _pipes.Receive(new byte[8], out _));
        _fromServer.CopyTo(Stream.Null);
        _pipes.Dispose();
        _pipes.Reset();
        _pipes.EndReceiving();
    }

    [Fact]
    public void A_reset_wakes_who_waits()
    {
        Thread waiter = new(() =>
        {
            _pipes.WaitUntilGone();
            _pipes.Receive(new byte[1], out _);
        });
        waiter.Start();
        _pipes.Reset();
        waiter.Join();
    }

    [Fact]
    public async Task A_socket_for_each_direction_serves_too()
    {
        using SocketPair inward = new(NbdBench.Patience);
        using SocketPair outward = new(NbdBench.Patience);
        using ClientPipes pipes = new(Borrow(inward.Server), Borrow(outward.Server), sendsToSocket: true);
        inward.Client.Send([1, 2]);
        Assert.Equal(SocketReceipt.Data, pipes.Receive(new byte[8], out int receivedBytes));
        Assert.Equal(2, receivedBytes);
        byte[] large = NbdBench.Pattern((4 << 20) + 1);
        Task<bool> sent = Task.Run(() => pipes.Send(large));
        byte[] received = new byte[large.Length];
        outward.Stream.ReadExactly(received);
        Assert.True(await sent);
        Assert.Equal(large, received);
    }

    public void Dispose()
    {
        _pipes.Dispose();
        _toServer.Dispose();
        _fromServer.Dispose();
    }

    private static SafeFileHandle TakeClientEnd(AnonymousPipeServerStream pipe)
    {
        SafeFileHandle taken = new(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: true);
        pipe.ClientSafePipeHandle.SetHandleAsInvalid();
        return taken;
    }

    private static SafeFileHandle Borrow(Socket socket) => new(socket.SafeHandle.DangerousGetHandle(), ownsHandle: false);
}
