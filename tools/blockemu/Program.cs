using System.Runtime.CompilerServices;
using BlockEmu.Shell;

namespace BlockEmu.Cli;

/// <summary>The program's first steps, in an order that matters: descriptors are guarded and counted before anything is loaded.</summary>
internal static class Program
{
    private const ulong LeastDescriptors = 128;

    private static int Main(string[] arguments)
    {
        StandardDescriptor.Guard();
        return DescriptorNeed.IsMet(LeastDescriptors, "blockemu: the limit of open files (ulimit -n) is too low: at least 128 are needed\n"u8)
            ? Run(arguments)
            : ExitCodes.Usage;
    }

    /// <summary>Its libraries are loaded when it is called, not before.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Run(string[] arguments)
    {
        using IDisposable outlived = FileSizeLimit.Outlive();
        return CliProgram.RunAsync(arguments, StandardText.Output, StandardText.Errors, Environment.GetEnvironmentVariable)
            .GetAwaiter().GetResult();
    }
}
