using System.Runtime.InteropServices;

namespace BlockEmu.Shell;

/// <summary>Standard input, output and error as whoever started this process left them: perhaps closed.</summary>
/// <remarks>A number that was closed is given to the first file that this process opens, an image perhaps, and what is printed
/// then lands in it. So a closed one is a known state here, and <see cref="Guard"/> keeps its number out of use.</remarks>
public static class StandardDescriptor
{
    /// <summary>Standard input's number.</summary>
    public const int Input = 0;

    /// <summary>Standard output's number.</summary>
    public const int Output = 1;

    /// <summary>Standard error's number.</summary>
    public const int Error = 2;

    private static readonly bool[] s_isOpen = Look();

    /// <summary>Whether the process was started with it. Exact if <see cref="Guard"/> was the first thing that it did.</summary>
    public static bool IsOpen(int descriptor) => s_isOpen[descriptor];

    /// <summary>To be called before anything else: no file of ours can get the number of a closed one from here on.</summary>
    public static void Guard() => _ = s_isOpen.Length;

    private static bool[] Look()
    {
        bool[] isOpen = new bool[Error + 1];
        for (int descriptor = Input; descriptor <= Error; descriptor++)
        {
            // What was there when the program began has no FD_CLOEXEC, or it would not be there; what the runtime opened has it.
            int flags = LibC.Fcntl(descriptor, LibC.GetDescriptorFlags, 0);
            isOpen[descriptor] = flags >= 0 && (flags & LibC.CloseOnExec) == 0;
            if (flags < 0 && Marshal.GetLastPInvokeError() == LibC.BadDescriptor)
            {
                // Gets the lowest free number, which is this one.
                _ = LibC.Open("/dev/null", LibC.ReadWrite);
            }
        }

        return isOpen;
    }
}
