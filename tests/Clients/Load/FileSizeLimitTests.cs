using BlockEmu.Clients.Tests.Support;
using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Clients.Tests.Load;

/// <summary>A server whose files may not grow beyond a limit (RLIMIT_FSIZE): the host sends SIGXFSZ, which ends a process by default.</summary>
public sealed class FileSizeLimitTests
{
    [Theory]
    [InlineData(4096)]
    [InlineData(16_384)] // by the redo file
    public async Task A_flush_beyond_it_fails_and_all_else_goes_on(int length)
    {
        using TempFolder folder = new();
        string disk = $"name={LiveServer.DiskName},size=8M,medium=file:{folder.File("image")},awun=16K,awupf=16K,cache=1M,destage=never";
        await using ServerProcess server = await ServerProcess.StartAsync(disk);
        await ProgramRun.SucceedAsync("prlimit", "--pid", $"{server.Id}", "--fsize=1048576:unlimited");
        using NbdClient client = NbdClient.Connect(server.EndPoint, LiveServer.Patience);
        client.Go(LiveServer.DiskName);
        byte[] data = new byte[length];
        data.AsSpan().Fill(7);
        Assert.Equal(NbdError.None, client.Write(4 << 20, data));
        Assert.Equal(NbdError.NoSpace, client.Flush());
        Assert.Equal(NbdError.NoSpace, client.Flush());
        byte[] read = new byte[length];
        Assert.Equal(NbdError.None, client.Read(4 << 20, read));
        Assert.Equal(data, read);
        await ProgramRun.SucceedAsync("prlimit", "--pid", $"{server.Id}", "--fsize=unlimited:unlimited");
        Assert.Equal(NbdError.None, client.Flush());
        Assert.False(server.HasExited);
    }
}
