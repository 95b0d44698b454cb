namespace BlockEmu.Clients.Tests.Load;

/// <summary>What a client under load asks of the disk, whatever it speaks.</summary>
internal enum LoadCommand
{
    Read,
    Write,
    WriteZeroes,
    Trim,
    Flush,
}
