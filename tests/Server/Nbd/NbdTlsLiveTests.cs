using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Transport;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Nbd;

/// <summary>TLS against the live front end, by the rows' ids.</summary>
public sealed class NbdTlsLiveTests
{
    [Theory]
    [InlineData(SslProtocols.Tls12, false)]
    [InlineData(SslProtocols.Tls13, false)]
    [InlineData(SslProtocols.Tls12, true)]
    [InlineData(SslProtocols.Tls13, true)]
    public async Task L1_L5_a_disk_is_served_over_TLS_1_2_and_1_3(SslProtocols protocols, bool unix)
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Open("disk0", unix, protocols);
        Assert.Equal(protocols, ((System.Net.Security.SslStream)client.Stream).SslProtocol);
        byte[] written = NbdBench.Pattern(1_000_003);
        byte[] read = new byte[written.Length];
        Assert.Equal(NbdError.None, client.Write(77, written));
        Assert.Equal(NbdError.None, client.Flush());
        Assert.Equal(NbdError.None, client.Read(77, read));
        Assert.Equal(written, read);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L5_structured_and_extended_sessions_are_served_over_TLS(bool extended)
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Connect();
        if (extended)
        {
            client.UseExtendedHeaders();
        }
        else
        {
            client.UseStructuredReplies();
        }

        Assert.Single(client.SelectContexts("disk0", "base:allocation"));
        client.Go("disk0");
        Assert.Equal(NbdError.None, client.Write(4096, NbdBench.Pattern(4096)));
        Assert.Equal([(4096UL, 3UL), (4096UL, 0UL)], client.BlockStatus(0, 8192).Extents.Single().Value.Select(e => (e.LengthBytes, e.Status)));
    }

    [Fact]
    public async Task S6_the_largest_payload_goes_both_ways_over_TLS()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Open("disk0");
        byte[] written = NbdBench.Pattern(64 << 20);
        byte[] read = new byte[written.Length];
        Assert.Equal(NbdError.None, client.Write(0, written));
        Assert.Equal(NbdError.None, client.Read(0, read));
        Assert.True(written.AsSpan().SequenceEqual(read));
    }

    /// <summary>A ClientHello that offers TLS 1.1 at most.</summary>
    [Fact]
    public async Task L1_TLS_1_1_is_refused()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Nbd.Connect();
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.Ask(NbdOption.StartTls)[^1].Type);
        byte[] random = NbdBench.Pattern(32);
        byte[] body = [3, 2, .. random, 0, 0, 8, 0xC0, 0x09, 0xC0, 0x13, 0x00, 0x2F, 0x00, 0x35, 1, 0, 0, 8, 0, 10, 0, 4, 0, 2, 0, 23];
        byte[] hello = [22, 3, 1, 0, (byte)(body.Length + 4), 1, 0, 0, (byte)body.Length, .. body];
        client.Stream.Write(hello);
        byte[] answer = new byte[64];
        int bytes = client.Stream.ReadAtLeast(answer, 7, throwOnEndOfStream: false);

        // A fatal alert: protocol_version.
        Assert.Equal("15" + "0002" + "0246", Convert.ToHexString(answer, 0, 1) + Convert.ToHexString(answer, 3, Math.Max(0, bytes - 3)));
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([("tls_handshake_failed", 1L)], bench.Errors);
    }

    [Fact]
    public async Task L5_what_is_no_handshake_ends_the_connection_and_is_counted()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Nbd.Connect();
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.Ask(NbdOption.StartTls)[^1].Type);
        client.Haggling.SendOption(NbdOption.List);
        client.Haggling.SendOption(NbdOption.List);
        Assert.InRange(NbdBench.ReadToEnd(client.Stream).Bytes, 0, 7);
        Assert.Equal([("tls_handshake_failed", 1L)], bench.Errors);
    }

    [Fact]
    public async Task L5_a_second_STARTTLS_is_invalid()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Connect();
        Assert.Equal(NbdOptionReplyType.ErrorInvalid, client.Haggling.Ask(NbdOption.StartTls)[^1].Type);
        Assert.Equal("disk0", client.Go("").Name);
    }

    [Fact]
    public async Task L6_P19_N26_plaintext_behind_STARTTLS_is_discarded_and_nothing_from_before_it_holds()
    {
        byte[] go = NbdInfoRequest.Format("disk0", []);
        byte[] option = new byte[NbdOptionHeader.SizeBytes];
        new NbdOptionHeader(NbdOption.Go, (uint)go.Length).Write(option);
        await using var bench = new TlsBench(NbdTlsMode.Selective);
        using NbdClient client = new(new WireTap(bench.Nbd.OpenStream()) { Injected = [.. option, .. go] });
        client.UseStructuredReplies();
        Assert.NotEmpty(client.SelectContexts("disk0", "base:allocation"));
        client.StartTls(bench.Authentication());
        Assert.Equal(
            NbdOptionReplyType.ErrorInvalid, Assert.Throws<NbdNegotiationException>(() => client.SelectContexts("disk0", "base:allocation")).Error);
        client.Go("disk0");
        Assert.Equal(NbdError.None, client.Write(0, NbdBench.Pattern(512)));
        Assert.Equal(NbdError.InvalidArgument, client.BlockStatus(0, 512).Error);
    }

    [Fact]
    public async Task L3_where_TLS_is_required_nothing_is_told_without()
    {
        await using var bench = new TlsBench();
        using NbdClient client = bench.Nbd.Connect();
        NbdNegotiationException refused = Assert.Throws<NbdNegotiationException>(() => client.Go("disk0"));
        Assert.Equal(NbdOptionReplyType.ErrorTlsRequired, refused.Error);
        Assert.Contains("STARTTLS", refused.Message, StringComparison.Ordinal);
        Assert.Equal([NbdOptionReplyType.ErrorTlsRequired], client.Haggling.Ask(NbdOption.List).Select(r => r.Type));
        Assert.Equal([NbdOptionReplyType.ErrorTlsRequired], client.Haggling.Ask((NbdOption)4711, new byte[4711]).Select(r => r.Type));
        client.Haggling.SendOption(NbdOption.ExportName, "disk0"u8);
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        Assert.Equal([("tls_required", 1L)], bench.Errors);
    }

    [Fact]
    public async Task L4_a_TLS_only_disk_is_hidden_without_TLS_and_served_with_it()
    {
        await using var bench = new TlsBench(NbdTlsMode.Selective);
        using NbdClient client = bench.Nbd.Connect();
        Assert.Equal(["disk0", "ro", "huge"], client.List().Select(e => e.Name));
        Assert.Equal(
            NbdOptionReplyType.ErrorTlsRequired, Assert.Throws<NbdNegotiationException>(() => client.Go(TlsBench.SecretName)).Error);
        client.StartTls(bench.Authentication());
        Assert.Equal(["disk0", "ro", "huge", TlsBench.SecretName], client.List().Select(e => e.Name));
        Assert.Equal(1 << 20, client.Go(TlsBench.SecretName).SizeBytes);
        using NbdClient open = bench.Nbd.Open("disk0");
        Assert.Equal(NbdError.None, open.Flush());
    }

    [Fact]
    public async Task L7_a_client_with_a_certificate_of_the_authority_comes_in()
    {
        await using var bench = new TlsBench(wantsClientCertificates: true);
        using X509Certificate2 shown = bench.Authority.Issue(TestAuthority.ClientUsage);
        for (int i = 0; i < 3; i++)
        {
            using NbdClient client = bench.Connect(shown: shown);
            Assert.Equal("disk0", client.Go("").Name);
        }

        Assert.Empty(bench.Errors);
    }

    [Theory]
    [InlineData("none", SslProtocols.Tls12)]
    [InlineData("none", SslProtocols.Tls13)]
    [InlineData("foreign", SslProtocols.Tls12)]
    [InlineData("foreign", SslProtocols.Tls13)]
    [InlineData("expired", SslProtocols.Tls13)]
    [InlineData("a server's", SslProtocols.Tls13)]
    public async Task L7_a_client_without_a_good_certificate_gets_not_past_the_handshake(string kind, SslProtocols protocols)
    {
        await using var bench = new TlsBench(wantsClientCertificates: true);
        using TestAuthority foreign = new();
        using X509Certificate2? shown = kind switch
        {
            "none" => null,
            "foreign" => foreign.Issue(TestAuthority.ClientUsage),
            "expired" => bench.Authority.Issue(TestAuthority.ClientUsage, isExpired: true),
            _ => bench.Authority.Issue(TestAuthority.ServerUsage),
        };

        // With TLS 1.3 a client believes itself through before the server has looked at its certificate.
        Assert.ThrowsAny<Exception>(() =>
        {
            using NbdClient client = bench.Connect(protocols: protocols, shown: shown);
            client.List();
        });
        await bench.Nbd.FrontEnd.DisposeAsync();
        Assert.Equal([("tls_handshake_failed", 1L)], bench.Errors);
    }

    // So impatient that it rests in the handshake, between records and in the middle of one.
    [Fact]
    public async Task E4_a_connection_that_rests_all_the_time_loses_nothing()
    {
        await using var bench = new TlsBench(limits: new FrontEndLimits { IdlePatience = TimeSpan.FromMilliseconds(1) });
        WireTap wire = new(bench.Nbd.OpenStream()) { PieceBytes = 700 };
        using NbdClient client = new(wire);
        client.StartTls(bench.Authentication());
        client.Go("disk0");
        for (int i = 0; i < 40; i++)
        {
            byte[] written = NbdBench.Pattern(1 + (i * 997), (byte)i);
            byte[] read = new byte[written.Length];
            Assert.Equal(NbdError.None, client.Write(i * 65_536L, written));
            Assert.Equal(NbdError.None, client.Read(i * 65_536L, read));
            Assert.Equal(written, read);
        }

        Assert.Empty(bench.Errors);
    }

    [Fact]
    public async Task O11_the_deadline_covers_the_handshake_of_TLS_too()
    {
        var time = new FiredByHandTime();
        await using var bench = new TlsBench(time: time);
        using NbdClient client = bench.Nbd.Connect();
        Assert.Equal(NbdOptionReplyType.Ack, client.Haggling.Ask(NbdOption.StartTls)[^1].Type);
        client.Stream.Write([22, 3, 1]);
        time.FireAll();
        Assert.Equal(0, NbdBench.ReadToEnd(client.Stream).Bytes);
        await bench.Nbd.FrontEnd.DisposeAsync();
        Assert.Equal([("handshake_timeout", 1L)], bench.Errors);
    }
}
