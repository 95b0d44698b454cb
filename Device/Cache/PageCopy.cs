using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace BlockEmu.Device.Cache;

/// <summary>Copies into pages that nobody has looked at for long.</summary>
internal static unsafe class PageCopy
{
    /// <summary>Fills a whole page past the processor's caches. A page that is rented was given back long ago and is read again
    /// long after: an ordinary copy would first fetch the 4 KiB that it overwrites, and takes nearly twice as long.</summary>
    /// <remarks>Such stores are ordered with nothing: after the last one a <see cref="Fence"/>, before another thread may look. Not
    /// here, since a fence waits until all of them are done, and there is work to do meanwhile.</remarks>
    /// <param name="page">A page of the arena, aligned to its size.</param>
    /// <param name="source">4 KiB of any alignment.</param>
    public static void Fill(nint page, byte* source)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            Unsafe.CopyBlockUnaligned((void*)page, source, PageArena.PageBytes);
            return;
        }

        byte* target = (byte*)page;
        if (Vector512.IsHardwareAccelerated)
        {
            for (int at = 0; at < PageArena.PageBytes; at += 4 * Vector512<byte>.Count)
            {
                Copy512(target + at, source + at);
            }
        }
        else
        {
            for (int at = 0; at < PageArena.PageBytes; at += 4 * Vector256<byte>.Count)
            {
                Copy256(target + at, source + at);
            }
        }
    }

    /// <summary>What was filled is seen by whoever holds the disk's lock next, or is told of it otherwise.</summary>
    public static void Fence()
    {
        if (Sse.IsSupported)
        {
            Sse.StoreFence();
        }
        else
        {
            Interlocked.MemoryBarrier();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy512(byte* target, byte* source)
    {
        Vector512<byte> a = Vector512.Load(source);
        Vector512<byte> b = Vector512.Load(source + 64);
        Vector512<byte> c = Vector512.Load(source + 128);
        Vector512<byte> d = Vector512.Load(source + 192);
        a.StoreAlignedNonTemporal(target);
        b.StoreAlignedNonTemporal(target + 64);
        c.StoreAlignedNonTemporal(target + 128);
        d.StoreAlignedNonTemporal(target + 192);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy256(byte* target, byte* source)
    {
        Vector256<byte> a = Vector256.Load(source);
        Vector256<byte> b = Vector256.Load(source + 32);
        Vector256<byte> c = Vector256.Load(source + 64);
        Vector256<byte> d = Vector256.Load(source + 96);
        a.StoreAlignedNonTemporal(target);
        b.StoreAlignedNonTemporal(target + 32);
        c.StoreAlignedNonTemporal(target + 64);
        d.StoreAlignedNonTemporal(target + 96);
    }
}
