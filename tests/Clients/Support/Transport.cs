namespace BlockEmu.Clients.Tests.Support;

/// <summary>How a client reaches the server.</summary>
public enum Transport
{
    Tcp,
    Unix,
}
