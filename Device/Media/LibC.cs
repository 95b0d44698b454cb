namespace BlockEmu.Device.Media;

/// <summary>The few calls of the C library a medium needs, with Linux' values.</summary>
internal static partial class LibC
{
    public const int EIO = 5;
    public const int ENOSPC = 28;
    public const int EFBIG = 27;
    public const int EDQUOT = 122;
}
