namespace BlockEmu.Server.Tests.Support;

internal static class AllocationMeter
{
    /// <summary>Bytes that all threads but this one allocate meanwhile.</summary>
    public static long MeasureOthers(Action run)
    {
        long own = GC.GetAllocatedBytesForCurrentThread();
        long all = GC.GetTotalAllocatedBytes(precise: true);
        run();
        all = GC.GetTotalAllocatedBytes(precise: true) - all;
        return all - (GC.GetAllocatedBytesForCurrentThread() - own);
    }
}
