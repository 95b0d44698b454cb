namespace BlockEmu.Shell;

/// <summary>What a program wanted to write could not be written; the message is one line for people.</summary>
public sealed class OutputException(string message, Exception? inner = null) : IOException(message, inner);
