using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>Looks, before a program loads its libraries, whether it may open them all: the runtime ends the process otherwise, with a
/// dump of its own. It touches nothing that is not loaded yet.</summary>
public static class DescriptorNeed
{
    /// <summary>True when it may; else false, and standard error has a line that says what is needed.</summary>
    /// <param name="least">Descriptors.</param>
    /// <param name="line">The line, for a limit below <paramref name="least"/>; with its line feed.</param>
    public static bool IsMet(ulong least, ReadOnlySpan<byte> line)
    {
        Limits limits = default;
        if (LibC.GetLimit(LibC.DescriptorResource, ref limits[0]) != 0 || limits[0] >= least)
        {
            return true;
        }

        _ = LibC.Write(StandardDescriptor.Error, in MemoryMarshal.GetReference(line), (nuint)line.Length);
        return false;
    }

    /// <summary><c>struct rlimit</c>: the soft limit, the hard one.</summary>
    [InlineArray(2)]
    private struct Limits
    {
        private ulong _soft;
    }
}
