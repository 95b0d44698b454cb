namespace BlockEmu.Shell;

/// <summary>How much address space the C library takes ahead of need.</summary>
public static class AddressSpace
{
    private const int MaxArenas = -8;

    /// <summary>glibc gives every thread that allocates an arena of 64 MiB of addresses. Where addresses are limited (<c>ulimit -v</c>) some
    /// threads would take all that is left; our own memory does not come from there.</summary>
    public static void BeFrugal()
    {
        try
        {
            _ = LibC.SetMallocOption(MaxArenas, 1);
        }
        catch (EntryPointNotFoundException)
        {
            // Another C library, which has no arenas.
        }
    }
}
