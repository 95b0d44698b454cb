using BlockEmu.Device;
using BlockEmu.Device.Power;

namespace BlockEmu.Server.Hosting;

/// <summary>What is said of a disk's medium in the log; event ids 50 to 59.</summary>
internal static partial class DiskLog
{
    /// <summary>Says when the disk fails.</summary>
    public static void Follow(Disk disk, ILogger logger) => disk.PowerChanged += (_, state) =>
    {
        if (state == PowerState.Failed)
        {
            Failed(logger, disk.Name, disk.Failure ?? "");
        }
    };

    [LoggerMessage(50, LogLevel.Error, "Disk {Disk} has failed: {Why}. Every command fails until power on finds an image that fits")]
    public static partial void Failed(ILogger logger, string disk, string why);

    [LoggerMessage(51, LogLevel.Error, "Disk {Disk} is off, and its cut could not be judged: {Why}. A recut tries again")]
    public static partial void CutNotJudged(ILogger logger, string disk, string why);

    [LoggerMessage(52, LogLevel.Warning, "Disk {Disk} is on again after a failure; {Pending} pending commands are lost")]
    public static partial void BackFromFailure(ILogger logger, string disk, long pending);
}
