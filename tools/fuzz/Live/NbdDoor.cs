using System.Net.Security;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Fuzz.Live;

/// <summary>Over NBD, in one of the ways there are.</summary>
internal sealed class NbdDoor : IGoodDoor
{
    private readonly NbdClient _client;

    public NbdDoor(LiveTarget target, Chance chance)
    {
        _client = NbdClient.Connect(target.EndPoint, IGoodDoor.Deadline);
        if (target.HasTls && chance.OneIn(3))
        {
#pragma warning disable CA5359 // Our own child's, over a socket in a folder of our own; who it is was never in doubt.
            _client.StartTls(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
            });
#pragma warning restore CA5359
        }

        switch (chance.Below(3))
        {
            case 1:
                _client.UseStructuredReplies();
                break;
            case 2:
                _client.UseExtendedHeaders();
                break;
            default:
                break;
        }

        SizeBytes = (long)_client.Go(target.GoodExport).SizeBytes;
    }

    public long SizeBytes { get; }

    public string? Write(long offsetBytes, ReadOnlySpan<byte> data) => Say(_client.Write(offsetBytes, data));

    public string? Read(long offsetBytes, Span<byte> destination) => Say(_client.Read(offsetBytes, destination));

    public string? Flush() => Say(_client.Flush());

    public void Leave() => _client.Disconnect();

    public void Dispose() => _client.Dispose();

    private static string? Say(NbdError error) => error == NbdError.None ? null : error.ToString();
}
