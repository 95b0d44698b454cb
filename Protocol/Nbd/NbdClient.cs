using System.Net;
using System.Net.Security;
using System.Net.Sockets;

namespace BlockEmu.Protocol.Nbd;

/// <summary>A client of one connection: haggles, then sends requests and matches the replies to them.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>Blocking. Haggling is for one thread; requests may come from any number at once.</description></item>
/// <item><description>The server's refusal of a request is a value (<see cref="NbdError"/>); of an option a
/// <see cref="NbdNegotiationException"/>; a lost connection is an <see cref="IOException"/> for everyone who
/// waits.</description></item>
/// <item><description>It judges nothing the server could judge, so that tests can say anything; <see cref="Stream"/>
/// says even more.</description></item>
/// </list>
/// </remarks>
public sealed class NbdClient : IDisposable
{
    private NbdRequestTable _requests;

    /// <summary>Reads the greeting and answers it. The stream is ours from here on.</summary>
    public NbdClient(Stream stream, NbdClientFlags flags = NbdClientFlags.FixedNewstyle | NbdClientFlags.NoZeroes)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Stream = stream;
        Haggling = new NbdClientHaggling(stream, flags);
        _requests = new NbdRequestTable(stream);
    }

    /// <summary>The connection itself, inside TLS where there is TLS, for bytes that no method here would send.</summary>
    public Stream Stream { get; private set; }

    /// <summary>The option phase.</summary>
    public NbdClientHaggling Haggling { get; }

    /// <summary>The export after <see cref="Go"/> or <see cref="ExportName"/>.</summary>
    public NbdExport? Export { get; private set; }

    /// <summary>Connects over TCP or a Unix socket and reads the greeting.</summary>
    /// <param name="endPoint">An IP or a Unix endpoint.</param>
    /// <param name="timeout">How long any one send or receive may take; <see langword="null"/> = for ever.</param>
    /// <param name="flags">The client flags to send.</param>
    public static NbdClient Connect(
        EndPoint endPoint, TimeSpan? timeout = null,
        NbdClientFlags flags = NbdClientFlags.FixedNewstyle | NbdClientFlags.NoZeroes)
    {
        NetworkStream stream = OpenStream(endPoint, timeout);
        try
        {
            return new NbdClient(stream, flags);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>A bare connection on which nothing has been said.</summary>
    public static NetworkStream OpenStream(EndPoint endPoint, TimeSpan? timeout = null)
    {
        ArgumentNullException.ThrowIfNull(endPoint);
        bool isUnix = endPoint.AddressFamily == AddressFamily.Unix;
#pragma warning disable CA2000 // Disposed below when anything fails; the stream owns it otherwise.
        var socket = new Socket(endPoint.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
#pragma warning restore CA2000
        try
        {
            if (!isUnix)
            {
                socket.NoDelay = true;
            }

            if (timeout is { } limit)
            {
                socket.ReceiveTimeout = socket.SendTimeout = (int)limit.TotalMilliseconds;
            }

            socket.Connect(endPoint);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Asks for TLS with <c>NBD_OPT_STARTTLS</c> and shakes hands; what was negotiated before is forgotten on both
    /// sides. <see cref="NbdNegotiationException"/> when it is refused, AuthenticationException when one side does not
    /// take the other's certificate.</summary>
    /// <param name="authentication">Whom to expect and what to show.</param>
    public void StartTls(SslClientAuthenticationOptions authentication) => StartTls(plain =>
    {
        SslStream secured = new(plain, leaveInnerStreamOpen: false);
        try
        {
            secured.AuthenticateAsClient(authentication);
            return secured;
        }
        catch
        {
            secured.Dispose();
            throw;
        }
    });

    /// <summary>As <see cref="StartTls(SslClientAuthenticationOptions)"/>, by whatever the caller calls TLS.</summary>
    /// <param name="handshake">Takes the connection, and returns it secured; both are ours.</param>
    public void StartTls(Func<Stream, Stream> handshake)
    {
        ArgumentNullException.ThrowIfNull(handshake);
        Haggling.Demand(NbdOption.StartTls);
        Stream = handshake(Stream);
        Haggling.GoOnOver(Stream);
        _requests = new NbdRequestTable(Stream);
    }

    /// <summary>Negotiates structured replies; <see cref="NbdNegotiationException"/> when they are refused.</summary>
    public void UseStructuredReplies()
    {
        Haggling.Demand(NbdOption.StructuredReply);
        _requests.Style = NbdReplyStyle.Structured;
    }

    /// <summary>Negotiates extended headers; <see cref="NbdNegotiationException"/> when they are refused.</summary>
    public void UseExtendedHeaders()
    {
        Haggling.Demand(NbdOption.ExtendedHeaders);
        _requests.Style = NbdReplyStyle.Extended;
    }

    /// <summary>Lists the contexts that match (all, without a query) with <c>NBD_OPT_LIST_META_CONTEXT</c>.</summary>
    public IReadOnlyList<NbdMetaContext> ListContexts(string name, params ReadOnlySpan<string> queries) =>
        Haggling.AskForContexts(NbdOption.ListMetaContext, name, queries);

    /// <summary>Selects contexts with <c>NBD_OPT_SET_META_CONTEXT</c>, for the export to be chosen next.</summary>
    public IReadOnlyList<NbdMetaContext> SelectContexts(string name, params ReadOnlySpan<string> queries) =>
        Haggling.AskForContexts(NbdOption.SetMetaContext, name, queries);

    /// <summary>Chooses with <c>NBD_OPT_GO</c>, asking for every fact unless told which.</summary>
    public NbdExport Go(string name, params ReadOnlySpan<NbdInfoType> types) =>
        Export = Haggling.Describe(NbdOption.Go, name, types);

    /// <summary>Describes with <c>NBD_OPT_INFO</c>; haggling goes on.</summary>
    public NbdExport Info(string name, params ReadOnlySpan<NbdInfoType> types) =>
        Haggling.Describe(NbdOption.Info, name, types);

    /// <summary>Chooses with <c>NBD_OPT_EXPORT_NAME</c>.</summary>
    public NbdExport ExportName(string name) => Export = Haggling.ExportName(name);

    /// <summary>The exports and their descriptions.</summary>
    public IReadOnlyList<(string Name, string Description)> List() => Haggling.List();

    /// <summary>Sends a request and returns at once with its cookie, which must be given to <see cref="Wait"/>. With extended
    /// headers a WRITE gets the PAYLOAD_LEN that it needs.</summary>
    public ulong Submit(
        NbdCommand command, ulong offsetBytes, ulong lengthBytes, ReadOnlySpan<byte> payload = default,
        NbdCommandFlags flags = NbdCommandFlags.None)
    {
        bool isMarked = command == NbdCommand.Write && _requests.Style == NbdReplyStyle.Extended;
        return _requests.Send(
            command, isMarked ? flags | NbdCommandFlags.PayloadLength : flags, offsetBytes, lengthBytes, payload);
    }

    /// <summary>Waits for the reply; a READ's data goes to <paramref name="destination"/>.</summary>
    public NbdError Wait(ulong cookie, Span<byte> destination = default) => _requests.Wait(cookie, destination).Error;

    /// <summary>As <see cref="Wait"/>, with everything the reply said.</summary>
    public NbdReply WaitForReply(ulong cookie, Span<byte> destination = default) => _requests.Wait(cookie, destination);

    public NbdError Read(long offsetBytes, Span<byte> destination, NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.Read, (ulong)offsetBytes, (uint)destination.Length, default, flags), destination);

    public NbdError Write(long offsetBytes, ReadOnlySpan<byte> payload, NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.Write, (ulong)offsetBytes, (uint)payload.Length, payload, flags));

    public NbdError Flush(NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.Flush, 0, 0, default, flags));

    public NbdError Trim(long offsetBytes, ulong lengthBytes, NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.Trim, (ulong)offsetBytes, lengthBytes, default, flags));

    public NbdError WriteZeroes(long offsetBytes, ulong lengthBytes, NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.WriteZeroes, (ulong)offsetBytes, lengthBytes, default, flags));

    public NbdError Cache(long offsetBytes, ulong lengthBytes, NbdCommandFlags flags = NbdCommandFlags.None) =>
        Wait(Submit(NbdCommand.Cache, (ulong)offsetBytes, lengthBytes, default, flags));

    /// <summary>The extents of each selected context; they may end before the range does.</summary>
    public NbdReply BlockStatus(long offsetBytes, ulong lengthBytes, NbdCommandFlags flags = NbdCommandFlags.None) =>
        WaitForReply(Submit(NbdCommand.BlockStatus, (ulong)offsetBytes, lengthBytes, default, flags));

    /// <summary>As <see cref="BlockStatus(long, ulong, NbdCommandFlags)"/>, for some of the selected contexts: needs extended
    /// headers.</summary>
    public NbdReply BlockStatus(long offsetBytes, ulong lengthBytes, NbdCommandFlags flags, params ReadOnlySpan<uint> contextIds)
    {
        byte[] payload = NbdStatusPayload.Format(lengthBytes, contextIds);
        return WaitForReply(Submit(
            NbdCommand.BlockStatus, (ulong)offsetBytes, (ulong)payload.Length, payload, flags | NbdCommandFlags.PayloadLength));
    }

    /// <summary>Sends <c>NBD_CMD_DISC</c>, which has no reply: the server closes after what is outstanding.</summary>
    public void Disconnect() => _requests.SendUnanswered(NbdCommand.Disconnect);

    public void Dispose() => Stream.Dispose();
}
