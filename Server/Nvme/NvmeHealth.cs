using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Nvme;

/// <summary>What the SMART / Health log says of a disk. Counts from when the disk was opened; a power cut is an unsafe shutdown.</summary>
internal sealed class NvmeHealth(ServedDisk served, NvmeServices services)
{
    /// <summary>The label <c>front_end</c> of the metrics.</summary>
    public const string FrontEnd = "nvme";

    /// <summary>The composite temperature, always.</summary>
    public const ushort RoomKelvin = 298;

    private const byte SparePercent = 100;
    private const byte SpareThresholdPercent = 10;
    private const byte MediaErrorType = 2;

    private readonly long _openedAt = services.Time.GetTimestamp();
    private long _mediaErrors;

    /// <summary>A command failed.</summary>
    public void Count(NvmeStatus status)
    {
        // A comparison that found something else is no fault of the medium.
        if (status.TypeCode == MediaErrorType && status.Code != NvmeStatus.CompareFailure.Code)
        {
            Interlocked.Increment(ref _mediaErrors);
        }
    }

    /// <summary>The log page.</summary>
    /// <param name="errorCount">Entries that ever were in the error log.</param>
    /// <param name="isBeyondThreshold">Whether the temperature is beyond what the controller's host has set.</param>
    public byte[] ToPage(ulong errorCount, bool isBeyondThreshold)
    {
        ConnectionMeter meter = served.Meter.Read().FirstOrDefault(m => m.FrontEnd == FrontEnd) ?? new ConnectionMeter(FrontEnd);
        NvmeHealthLog log = new()
        {
            IsBeyondThreshold = isBeyondThreshold,
            TemperatureKelvin = RoomKelvin,
            AvailableSparePercent = SparePercent,
            SpareThresholdPercent = SpareThresholdPercent,
            DataUnitsRead = DataUnits(meter.Bytes[(int)DiskOperation.Read]),
            DataUnitsWritten = DataUnits(meter.Bytes[(int)DiskOperation.Write]),
            HostReads = (ulong)meter.Succeeded[(int)DiskOperation.Read],
            HostWrites = (ulong)meter.Succeeded[(int)DiskOperation.Write],
            PowerCycles = (ulong)served.Disk.PowerEpoch,
            PowerOnHours = (ulong)services.Time.GetElapsedTime(_openedAt).TotalHours,
            UnsafeShutdowns = (ulong)served.Disk.GetStatistics().Cuts,
            MediaErrors = (ulong)Interlocked.Read(ref _mediaErrors),
            ErrorLogEntries = errorCount,
        };
        byte[] page = new byte[NvmeHealthLog.SizeBytes];
        log.Write(page);
        return page;
    }

    private static ulong DataUnits(long bytes) => ((ulong)bytes + NvmeHealthLog.DataUnitBytes - 1) / NvmeHealthLog.DataUnitBytes;
}
