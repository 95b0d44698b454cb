namespace BlockEmu.Server.Transport;

/// <summary>Nothing for a second, where only an exception can say so; reading may go on afterwards.</summary>
internal sealed class LinkIdleException() : IOException("nothing came for a second");
