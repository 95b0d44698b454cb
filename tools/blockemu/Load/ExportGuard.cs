using System.Net.Sockets;
using System.Security.Authentication;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Load;

/// <summary>Whatever goes wrong with an export becomes a <see cref="CliException"/> that names it.</summary>
internal static class ExportGuard
{
    public static T Run<T>(NbdUri uri, Func<T> use)
    {
        try
        {
            return use();
        }
        catch (Exception e) when (IsTheirs(e))
        {
            throw Translate(uri, e);
        }
    }

    /// <inheritdoc cref="Run"/>
    public static async Task RunAsync(NbdUri uri, Func<Task> use)
    {
        try
        {
            await use();
        }
        catch (Exception e) when (IsTheirs(e))
        {
            throw Translate(uri, e);
        }
    }

    /// <summary>Anything else is a fault of ours.</summary>
    private static bool IsTheirs(Exception e) => e is NbdNegotiationException
        or LoadFailedException or InvalidDataException or IOException or SocketException or AuthenticationException;

    /// <summary>A refusal is wrong usage; a lost connection, or what no NBD server may say, makes it unreachable.</summary>
    private static CliException Translate(NbdUri uri, Exception e) =>
        new(e is NbdNegotiationException ? ExitCodes.Usage : ExitCodes.Unreachable, $"{uri}: {e.Message}", e);
}
