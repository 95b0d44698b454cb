using System.Globalization;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Problems;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin.Platter;

/// <summary>Replaces bytes of the platter of a disk that is off. The length is judged before the first byte is
/// written; a power move meanwhile ends the upload with a problem that says how far it came.</summary>
internal sealed class PlatterUpload(DiskControl control, HttpContext context)
{
    private const int PieceBytes = 1 << 20;

    private readonly Disk _disk = control.Disk;

    public async Task<IResult> RunAsync()
    {
        (long offset, long length) = JudgeRange();
        if (context.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = length;
        }

        if (!control.Uploads.TryBegin())
        {
            throw ApiException.Create(StatusCodes.Status409Conflict, "another upload to this platter is under way", state: "off");
        }

        try
        {
            await control.WaitAsync(ended => CopyAsync(offset, length, ended), context.RequestAborted);
        }
        finally
        {
            control.Uploads.End();
        }

        return Results.NoContent();
    }

    private (long Offset, long Length) JudgeRange()
    {
        if (_disk.PowerState != PowerState.Off)
        {
            throw new PowerMoveException("the platter can be replaced only while the power is off", _disk.PowerState);
        }

        if (_disk.Options.IsReadOnly)
        {
            throw ApiException.Create(StatusCodes.Status409Conflict, $"'{_disk.Name}' is read-only");
        }

        string? offsetText = context.Request.Query["offset"];
        long offset = 0;
        if (offsetText is not null
            && (!long.TryParse(offsetText, NumberStyles.None, CultureInfo.InvariantCulture, out offset)
                || offset >= _disk.SizeBytes || offset % _disk.Options.BlockSizeBytes != 0))
        {
            throw ApiException.Create(
                StatusCodes.Status400BadRequest,
                $"'{offsetText}' is not a multiple of the block, {_disk.Options.BlockSizeBytes}, inside the disk", "offset");
        }

        if (context.Request.ContentLength is not { } length)
        {
            throw ApiException.Create(
                StatusCodes.Status411LengthRequired,
                "Content-Length is needed: the length is judged before the first byte is written",
                "Content-Length");
        }

        bool isWhole = offsetText is null;
        bool isRight = isWhole
            ? length == _disk.SizeBytes
            : length > 0 && length <= _disk.SizeBytes - offset && length % _disk.Options.BlockSizeBytes == 0;
        return isRight ? (offset, length) : throw ApiException.Create(
            StatusCodes.Status400BadRequest,
            isWhole
                ? $"{length} bytes were sent and the disk has {_disk.SizeBytes}; a part goes with ?offset="
                : $"{length} bytes at {offset} are not whole blocks inside the disk's {_disk.SizeBytes} bytes",
            "Content-Length");
    }

    private async Task CopyAsync(long offset, long length, CancellationToken ended)
    {
        byte[] buffer = GC.AllocateUninitializedArray<byte>(PieceBytes);
        long epoch = _disk.PowerEpoch;
        for (long done = 0; done < length;)
        {
            int count = (int)Math.Min(buffer.Length, length - done);
            await context.Request.Body.ReadExactlyAsync(buffer.AsMemory(0, count), ended);
            long at = offset + done;
            try
            {
                _disk.WritePlatter(write =>
                {
                    if (_disk.PowerEpoch != epoch)
                    {
                        throw new PowerMoveException("the power returned", _disk.PowerState);
                    }

                    write(at, buffer.AsSpan(0, count));
                });
            }
            catch (PowerMoveException e)
            {
                throw ApiException.Create(
                    StatusCodes.Status409Conflict,
                    $"the power returned during the upload; {done} of {length} bytes were written", state: ApiWords.Of(e.State));
            }

            done += count;
        }
    }
}
