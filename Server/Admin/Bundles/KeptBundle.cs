namespace BlockEmu.Server.Admin.Bundles;

/// <summary>A finished bundle in a file without a name. Shared by its keeper and by downloads; the last one to let go closes it.</summary>
public sealed class KeptBundle(int number, FileStream file) : IDisposable
{
    private int _shares = 1;

    /// <summary>The report's number.</summary>
    public int Number { get; } = number;

    public long LengthBytes { get; } = file.Length;

    /// <summary>One more holder; only while another one holds it.</summary>
    public KeptBundle Share()
    {
        Interlocked.Increment(ref _shares);
        return this;
    }

    public async Task CopyToAsync(Stream output, CancellationToken cancellation)
    {
        byte[] buffer = new byte[1 << 16];
        for (long offset = 0; offset < LengthBytes;)
        {
            int read = await RandomAccess.ReadAsync(file.SafeFileHandle, buffer, offset, cancellation);
            if (read == 0)
            {
                throw new EndOfStreamException();
            }

            await output.WriteAsync(buffer.AsMemory(0, read), cancellation);
            offset += read;
        }
    }

    public void Dispose()
    {
        if (Interlocked.Decrement(ref _shares) == 0)
        {
            file.Dispose();
        }
    }
}
