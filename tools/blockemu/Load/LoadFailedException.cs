namespace BlockEmu.Cli.Load;

/// <summary>A measurement can't go on: the connection is lost, or the server says what no NBD server may say.</summary>
internal sealed class LoadFailedException(string message, Exception? inner = null) : Exception(message, inner);
