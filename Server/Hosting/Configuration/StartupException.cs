namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>The server cannot start as asked; every fault is one line for standard error, and the exit code is 2.</summary>
public sealed class StartupException : Exception
{
    public StartupException(string message, Exception? inner = null)
        : this([message], inner)
    {
    }

    public StartupException(IReadOnlyList<string> faults, Exception? inner = null)
        : base(string.Join(Environment.NewLine, faults), inner)
    {
        Faults = faults;
    }

    public IReadOnlyList<string> Faults { get; }
}
