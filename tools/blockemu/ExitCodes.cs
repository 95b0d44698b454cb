namespace BlockEmu.Cli;

/// <summary>What the program's exit says; the same for every command.</summary>
public static class ExitCodes
{
    public const int Fine = 0;

    /// <summary>The thing checked does not hold, or the server refused: the disk's state forbids it, or it failed.</summary>
    public const int DoesNotHold = 1;

    /// <summary>Wrong usage: an option, a name, a file that is not what it should be.</summary>
    public const int Usage = 2;

    /// <summary>The server cannot be reached.</summary>
    public const int Unreachable = 3;
}
