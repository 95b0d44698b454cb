using System.Net.Sockets;

namespace BlockEmu.Shell;

/// <summary>Writes what a user named as the place of an output. The one way in which our programs do that.</summary>
/// <remarks>
/// <list type="number">
/// <item><description><c>-</c> is standard output.</description></item>
/// <item><description>A device, a pipe or a socket is written to; it is never replaced.</description></item>
/// <item><description>Links are followed; a link that leads nowhere yet makes the file that it leads to.</description></item>
/// <item><description>A regular file is replaced when all was written, by a file of the same mode and owner: whatever goes wrong
/// before, a signal too, leaves the old one. Where the folder or the mount does not allow that it is overwritten.</description></item>
/// <item><description>What cannot be is an <see cref="OutputException"/> of one line; nothing is left behind then.</description></item>
/// </list>
/// </remarks>
public static class OutputFile
{
    /// <summary>The name that stands for standard output.</summary>
    public const string StandardOutput = "-";

    /// <summary>Writes to <paramref name="path"/>; exceptions of <paramref name="write"/> itself pass through.</summary>
    /// <exception cref="OutputException">It cannot be written.</exception>
    public static async Task WriteAsync(string path, Func<Stream, Task> write)
    {
        ArgumentNullException.ThrowIfNull(path);
        ArgumentNullException.ThrowIfNull(write);
        if (path == StandardOutput)
        {
            await using Stream output = StandardText.OpenOutputBytes();
            await write(output);
            return;
        }

        try
        {
            await WriteToAsync(path, write);
        }
        catch (OutputException)
        {
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException or SocketException)
        {
            throw new OutputException($"cannot write '{path}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static async Task WriteToAsync(string path, Func<Stream, Task> write)
    {
        if (path.Length == 0)
        {
            throw new OutputException("an empty name is no file; - is standard output");
        }

        if (FileKind.Of(path) is { IsRegular: false } kind)
        {
            await using Stream special = kind.IsDirectory
                ? throw new OutputException($"cannot write '{path}': it is a folder")
                : kind.IsSocket ? await ConnectAsync(path) : OpenExisting(path);
            await write(special);
            return;
        }

        bool isLink = new FileInfo(path).LinkTarget is not null;
        string target = Path.GetFullPath((isLink ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null) ?? path);
        if (Path.EndsInDirectorySeparator(path))
        {
            throw new OutputException($"cannot write '{path}': it names a folder");
        }

        await ReplaceAsync(target, write);
    }

    private static async Task ReplaceAsync(string target, Func<Stream, Task> write)
    {
        FileKind? old = FileKind.Of(target);
        if (old is not null)
        {
            // Not ours to write is not ours to replace, though the folder would let us.
            await OpenExisting(target).DisposeAsync();
        }

        using PartialFile? partial = PartialFile.TryCreate(target, old);
        if (partial is null)
        {
            await using FileStream inPlace = OpenExisting(target);
            await write(inPlace);
            inPlace.SetLength(inPlace.Position);
            return;
        }

        await write(partial.Stream);
        await partial.Stream.FlushAsync();
        if (!partial.TryMove(target))
        {
            // A mount of that one file cannot be replaced, but its content can.
            await using FileStream inPlace = OpenExisting(target);
            partial.Stream.Position = 0;
            await partial.Stream.CopyToAsync(inPlace);
            inPlace.SetLength(inPlace.Position);
        }
    }

    /// <summary>Neither made, nor cut short, nor locked.</summary>
    private static FileStream OpenExisting(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.Open,
        Access = FileAccess.Write,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
    });

    private static async Task<Stream> ConnectAsync(string path)
    {
#pragma warning disable CA2000 // The stream owns it.
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
#pragma warning restore CA2000
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
