using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Bundles;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;
using Microsoft.Net.Http.Headers;

namespace BlockEmu.Server.Admin.Platter;

/// <summary>Streams the platter of a disk that is off, piece by piece; the power does not wait for a slow reader. What
/// changes the platter meanwhile (power on, a recut, an upload) breaks the download off: never a mixture.</summary>
internal sealed class PlatterDownload(DiskControl control, HttpContext context)
{
    private const int PieceBytes = 1 << 20;

    private readonly Disk _disk = control.Disk;
    private readonly PlatterVersion _version = control.PlatterVersion;

    public async Task RunAsync()
    {
        Read(static (_, _) => { });
        HttpResponse response = context.Response;
        if (context.Request.GetTypedHeaders().Accept.Any(a => a.MediaType == PlatterEndpoints.Extents))
        {
            response.ContentType = PlatterEndpoints.Extents;
            await control.WaitAsync(ended => SendExtentsAsync(response.Body, ended), context.RequestAborted);
            return;
        }

        response.Headers.AcceptRanges = "bytes";
        (long first, long length) = ChooseRange();
        response.ContentType = PlatterEndpoints.Octets;
        response.ContentLength = length;
        await control.WaitAsync(ended => SendRawAsync(response.Body, first, length, ended), context.RequestAborted);
    }

    private (long First, long Length) ChooseRange()
    {
        long size = _disk.SizeBytes;
        RangeHeaderValue? range = context.Request.GetTypedHeaders().Range;

        // Several ranges, or a unit of somebody else's: RFC 9110 lets us answer with everything.
        if (range is null || range.Unit != "bytes" || range.Ranges.Count != 1)
        {
            return (0, size);
        }

        RangeItemHeaderValue item = range.Ranges.Single();
        long first = item.From ?? Math.Max(0, size - item.To!.Value);
        long last = item.From is null ? size - 1 : Math.Min(item.To ?? long.MaxValue, size - 1);
        if (first > last)
        {
            context.Response.Headers.ContentRange = $"bytes */{size}";
            throw ApiException.Create(StatusCodes.Status416RangeNotSatisfiable, $"the platter has {size} bytes", "Range");
        }

        context.Response.StatusCode = StatusCodes.Status206PartialContent;
        context.Response.Headers.ContentRange = $"bytes {first}-{last}/{size}";
        return (first, last - first + 1);
    }

    private async Task SendRawAsync(Stream body, long first, long length, CancellationToken ended)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        for (long offset = first; offset < first + length;)
        {
            int count = (int)Math.Min(buffer.Length, first + length - offset);
            long at = offset;
            Read((read, next) =>
            {
                if (next(at) is { } populated && populated.OffsetBytes < at + count)
                {
                    ReadAnyAlignment(read, at, buffer.AsSpan(0, count));
                }
                else
                {
                    buffer.AsSpan(0, count).Clear();
                }
            });
            await body.WriteAsync(buffer.AsMemory(0, count), ended);
            offset += count;
        }
    }

    private async Task SendExtentsAsync(Stream body, CancellationToken ended)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        using MemoryStream pending = new();
        ExtentWriter writer = new(pending);
        writer.WriteHeader();
        for (long offset = 0; offset < _disk.SizeBytes;)
        {
            long at = offset;
            Read((read, next) => offset = AddExtent(writer, read, next(at), at, buffer));
            await SendAsync(body, pending, ended);
        }

        writer.WriteEnd();
        await SendAsync(body, pending, ended);
    }

    private long AddExtent(ExtentWriter writer, PlatterReader read, ByteRange? populated, long at, byte[] buffer)
    {
        long start = Math.Max(at, populated?.OffsetBytes ?? _disk.SizeBytes);
        if (start > at)
        {
            writer.WriteZeroes(at, start - at);
        }

        if (populated is not { } range)
        {
            return _disk.SizeBytes;
        }

        int count = (int)Math.Min(buffer.Length, Math.Min(range.EndBytes, _disk.SizeBytes) - start);
        read(start, buffer.AsSpan(0, count));
        writer.WriteData(start, buffer.AsSpan(0, count));
        return start + count;
    }

    private static async Task SendAsync(Stream body, MemoryStream pending, CancellationToken ended)
    {
        await body.WriteAsync(pending.GetBuffer().AsMemory(0, (int)pending.Length), ended);
        pending.SetLength(0);
    }

    /// <summary>A Range is in bytes; the platter is read in blocks.</summary>
    private void ReadAnyAlignment(PlatterReader read, long offset, Span<byte> destination)
    {
        int block = _disk.Options.BlockSizeBytes;
        long start = offset / block * block;
        long end = (offset + destination.Length + block - 1) / block * block;
        if (start == offset && end - start == destination.Length)
        {
            read(offset, destination);
            return;
        }

        byte[] covering = new byte[end - start];
        read(start, covering);
        covering.AsSpan((int)(offset - start), destination.Length).CopyTo(destination);
    }

    private void Read(Action<PlatterReader, Func<long, ByteRange?>> use) => _disk.ReadPlatter(read =>
    {
        if (control.PlatterVersion != _version || control.Uploads.IsUnderWay)
        {
            throw new PowerMoveException("the platter is being replaced, or changed during the download", _disk.PowerState);
        }

        use(read, _disk.NextPopulated);
    });
}
