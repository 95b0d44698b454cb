using BlockEmu.Protocol.Nbd;

namespace BlockEmu.Cli.Tests.Bench;

/// <summary>A server's word is not taken: what no server may say ends the run.</summary>
public sealed class BenchLyingServerTests
{
    [Fact]
    public Task A_wrong_magic_ends_it() =>
        EndsWithAsync("deadbeef", _ => Convert.FromHexString("deadbeef00000000000000000000000000000000"));

    [Fact]
    public Task A_request_that_was_not_asked_ends_it() =>
        EndsWithAsync("not asked", request => Simple(request.Cookie + 1));

    [Fact]
    public Task An_answer_that_comes_twice_ends_it() =>
        EndsWithAsync("not asked", request => [.. Simple(request.Cookie), .. new byte[4096], .. Simple(request.Cookie), .. new byte[4096]]);

    [Fact]
    public Task Structured_replies_that_nobody_agreed_on_end_it() => EndsWithAsync("668e33ef", request =>
    {
        byte[] chunk = new byte[NbdChunkHeader.SizeBytes];
        new NbdChunkHeader(NbdChunkFlags.Done, NbdChunkType.None, request.Cookie, 0).Write(chunk);
        return chunk;
    });

    [Fact]
    public Task A_server_that_hangs_up_ends_it() => EndsWithAsync("closed the connection", _ => []);

    [Fact]
    public Task A_server_that_hangs_up_within_the_data_ends_it() =>
        EndsWithAsync("closed the connection", request => [.. Simple(request.Cookie), .. new byte[100]]);

    private static async Task EndsWithAsync(string part, Func<NbdRequestHeader, byte[]> answer)
    {
        using LyingServer server = new(answer);
        (await CliRun.RunAsync(["bench", server.Uri, "--cases", "r4k-qd1", "--seconds", "600"])).Is(ExitCodes.Unreachable).Says(part);
    }

    private static byte[] Simple(ulong cookie)
    {
        byte[] reply = new byte[NbdSimpleReply.SizeBytes];
        new NbdSimpleReply(NbdError.None, cookie).Write(reply);
        return reply;
    }
}
