using System.Text;

namespace BlockEmu.Shell;

/// <summary>Standard output and error as text. <see cref="Console"/> is not used for them: with a closed descriptor it ends the
/// process, or writes into a file that got the number.</summary>
public static class StandardText
{
    private static readonly UTF8Encoding s_utf8 = new(encoderShouldEmitUTF8Identifier: false);

    private static readonly Lazy<TextWriter> s_output = new(() => Open(StandardDescriptor.Output, isLossy: false));
    private static readonly Lazy<TextWriter> s_errors = new(() => TextWriter.Synchronized(Open(StandardDescriptor.Error, isLossy: true)));

    /// <summary>Standard output; writes throw <see cref="OutputException"/> when it is closed, full, or nobody reads it.</summary>
    public static TextWriter Output => s_output.Value;

    /// <summary>Standard error; what cannot be written is dropped: there is nobody left to tell. Safe for many threads.</summary>
    public static TextWriter Errors => s_errors.Value;

    /// <summary>Standard output for bytes.</summary>
    public static Stream OpenOutputBytes() => new StandardStream(StandardDescriptor.Output, isLossy: false);

    /// <summary>Whether a writer is <see cref="Output"/> or <see cref="Errors"/>, and a terminal.</summary>
    public static bool IsTerminal(TextWriter writer) =>
        (ReferenceEquals(writer, Output) && LibC.IsTerminal(StandardDescriptor.Output) == 1)
        || (ReferenceEquals(writer, Errors) && LibC.IsTerminal(StandardDescriptor.Error) == 1);

    private static StreamWriter Open(int descriptor, bool isLossy) =>
        new(new StandardStream(descriptor, isLossy), s_utf8) { AutoFlush = true };
}
