using System.Runtime.CompilerServices;
using BlockEmu.Server.Hosting;
using BlockEmu.Shell;

namespace BlockEmu.Server;

/// <summary>The program's first steps, in an order that matters: descriptors are guarded and counted before anything is loaded.</summary>
internal static class Program
{
    // What the runtime, its libraries, HTTP, one listener and some clients take.
    private const ulong LeastDescriptors = 256;

    private static int Main(string[] arguments)
    {
        StandardDescriptor.Guard();
        AddressSpace.BeFrugal();
        return DescriptorNeed.IsMet(
            LeastDescriptors,
            "blockemu-server: the limit of open files (ulimit -n) is too low: at least 256 are needed, and one more for each client\n"u8)
            ? Run(arguments)
            : ServerProgram.ExitUsage;
    }

    /// <summary>Its libraries are loaded when it is called, not before.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] arguments)
    {
        using IDisposable outlived = FileSizeLimit.Outlive();
        return ServerProgram.RunAsync(arguments, static () => StandardText.Output, StandardText.Errors).GetAwaiter().GetResult();
    }
}
