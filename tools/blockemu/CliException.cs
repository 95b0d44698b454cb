namespace BlockEmu.Cli;

/// <summary>Ends the program with one line on standard error.</summary>
public sealed class CliException(int exitCode, string message, Exception? inner = null) : Exception(message, inner)
{
    public int ExitCode { get; } = exitCode;
}
