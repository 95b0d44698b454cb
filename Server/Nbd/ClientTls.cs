using System.Net.Security;
using System.Runtime.InteropServices;
using System.Security.Authentication;
using System.Security.Cryptography;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>A client behind TLS, over any other link.</summary>
/// <remarks>Everything goes through the link below, so that a reset of that one, which may come from any thread, ends this
/// one too and nothing can leave afterwards.</remarks>
internal sealed class ClientTls : ClientLink
{
    // What one read takes at most; TLS copies through an array of that size, and a record holds 16 KiB.
    private const int MaxReadBytes = 64 << 10;

    private readonly ClientLink _below;
    private readonly LinkStream _stream;
    private readonly SslStream _tls;

    // A read returns less than it was asked for only when no whole record is left here. After the handshake, which may have
    // brought some, and after a read that was filled, it is not known.
    private bool _mayHoldMore = true;

    private ClientTls(ClientLink below)
    {
        _below = below;
        _stream = new LinkStream(below);
        _tls = new SslStream(_stream, leaveInnerStreamOpen: false);
    }

    /// <summary>Shakes hands over a link, which is the result's from then on; null when that failed, and then the link is
    /// to be closed.</summary>
    public static ClientTls? TryAuthenticate(ClientLink below, SslServerAuthenticationOptions authentication, out string failure)
    {
#pragma warning disable CA2000 // What fails owns nothing but its TLS, which is disposed.
        ClientTls link = new(below);
#pragma warning restore CA2000
        try
        {
            link._stream.IsPatient = true;
            link._tls.AuthenticateAsServer(authentication);
            link._stream.IsPatient = false;
            failure = "";
            return link;
        }
        catch (Exception e) when (IsClientsFault(e))
        {
            link._tls.Dispose();
            failure = (e.InnerException ?? e).Message;
            return null;
        }
    }

    public override bool HasArrivals => _mayHoldMore || _below.HasArrivals;

    public override bool HasUnsentBytes => _below.HasUnsentBytes;

    public override void SendAtOnce() => _below.SendAtOnce();

    public override SafeHandle? Watched => _below.Watched;

    public override void LimitReceives(int patienceMs) => _below.LimitReceives(patienceMs);

    public override SocketReceipt Receive(Span<byte> destination, out int receivedBytes)
    {
        Span<byte> room = destination[..Math.Min(destination.Length, MaxReadBytes)];
        receivedBytes = 0;
        _mayHoldMore = false;
        try
        {
            receivedBytes = _tls.Read(room);
            _mayHoldMore = receivedBytes == room.Length;
            return receivedBytes > 0 ? SocketReceipt.Data : SocketReceipt.End;
        }
        catch (LinkIdleException)
        {
            // TLS keeps the part of a record that is here, and goes on from there.
            return SocketReceipt.Idle;
        }
        catch (Exception e) when (IsClientsFault(e))
        {
            return SocketReceipt.End;
        }
    }

    public override bool Send(ReadOnlySpan<byte> source)
    {
        try
        {
            _tls.Write(source);
            return true;
        }
        catch (Exception e) when (IsClientsFault(e))
        {
            return false;
        }
    }

    public override bool TrySend(ReadOnlySpan<byte> source, int patienceMs) => throw new NotSupportedException("a record can't be half sent");

    /// <summary>While <see cref="HasArrivals"/> is false TLS holds no plaintext, so what the link below says is
    /// right.</summary>
    public override bool WaitUntilReadable(int patienceMs) => _below.WaitUntilReadable(patienceMs);

    public override void WaitUntilGone() => _below.WaitUntilGone();

    public override void Reset() => _below.Reset();

    public override void EndReceiving() => _below.EndReceiving();

    /// <summary>With a close_notify, unless the link was reset or the client does not read.</summary>
    public override void Dispose()
    {
        SayGoodbye();
        _tls.Dispose();
        _stream.Dispose();
        _below.Dispose();
    }

    private bool SayGoodbye()
    {
        try
        {
            _stream.IsHurried = true;
            _tls.ShutdownAsync().GetAwaiter().GetResult();
            return true;
        }
        catch (Exception)
        {
            // It has gone already, it does not listen, or TLS is in a state that knows no goodbye. There are many ways for a
            // library to say that, and none may keep the link from being closed.
            return false;
        }
    }

    /// <summary>What TLS throws for a client that is no good, or gone.</summary>
    private static bool IsClientsFault(Exception e) =>
        e is IOException or AuthenticationException or CryptographicException or ObjectDisposedException
            or InvalidOperationException;
}
