using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Hosting.Configuration;
using BlockEmu.Server.Nbd;
using BlockEmu.Server.Tests.Support;
using BlockEmu.Tests.Shared;

namespace BlockEmu.Server.Tests.Configuration;

/// <summary>--tls, --tls-cert, --tls-key, --tls-ca, and a disk's key tls.</summary>
public sealed class TlsOptionsTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority = new();

    public TlsOptionsTests() => _authority.WriteTo(_folder.Path);

    private string Cert => _folder.File("server-cert.pem");

    private string Key => _folder.File("server-key.pem");

    private string Ca => _folder.File("ca-cert.pem");

    [Fact]
    public void Without_a_certificate_TLS_is_off() => Assert.Null(Parse().Tls);

    [Fact]
    public void A_certificate_means_required_unless_said_otherwise()
    {
        Assert.Equal(NbdTlsMode.Required, Parse("--tls-cert", Cert, "--tls-key", Key).Tls!.Mode);
        Assert.Equal(NbdTlsMode.Selective, Parse("--tls-cert", Cert, "--tls-key", Key, "--tls", "selective").Tls!.Mode);
        Assert.Null(Parse("--tls-cert", Cert, "--tls-key", Key, "--tls", "off").Tls);
    }

    [Fact]
    public void The_key_may_stand_in_the_certificates_file_and_the_chain_behind_it()
    {
        string both = _folder.Write("both.pem", File.ReadAllText(Key) + File.ReadAllText(Cert) + File.ReadAllText(Ca));
        NbdTls tls = Parse("--tls-cert", both).Tls!;
        Assert.True(tls.Certificate.TargetCertificate.HasPrivateKey);
        Assert.Equal("CN=localhost", tls.Certificate.TargetCertificate.Subject);
        Assert.Null(tls.ClientRoots);
        Assert.Single(Parse("--tls-cert", both, "--tls-ca", Ca).Tls!.ClientRoots!);
    }

    [Theory]
    [InlineData("--tls: 'on' is not off, selective or required", "--tls", "on")]
    [InlineData("--tls: required needs a certificate; give --tls-cert FILE", "--tls", "required")]
    [InlineData("--tls: selective needs a certificate; give --tls-cert FILE", "--tls", "selective")]
    [InlineData("--tls-key: needs a certificate; give --tls-cert FILE", "--tls-key", "KEY")]
    [InlineData("--tls-ca: needs a certificate; give --tls-cert FILE", "--tls-ca", "CA")]
    [InlineData("--tls-cert: cannot read 'nosuch'", "--tls-cert", "nosuch")]
    [InlineData("--tls-key: cannot read 'nosuch'", "--tls-cert", "CERT", "--tls-key", "nosuch")]
    [InlineData("--tls-ca: cannot read 'nosuch'", "--tls-cert", "CERT", "--tls-key", "KEY", "--tls-ca", "nosuch")]
    [InlineData("holds no private key; put it there, or give --tls-key FILE", "--tls-cert", "CERT")]
    [InlineData("--tls-cert: KEY holds no PEM with a CERTIFICATE", "--tls-cert", "KEY", "--tls-key", "KEY")]
    [InlineData("--tls-key: CERT holds no PEM with a PRIVATE KEY", "--tls-cert", "CERT", "--tls-key", "CERT")]
    [InlineData("--tls-ca: KEY holds no PEM with a CERTIFICATE", "--tls-cert", "CERT", "--tls-key", "KEY", "--tls-ca", "KEY")]
    [InlineData("not the key of the first certificate of", "--tls-cert", "CERT", "--tls-key", "OTHER")]
    [InlineData("the key is encrypted", "--tls-cert", "CERT", "--tls-key", "ENCRYPTED")]
    [InlineData("--tls-cert: BROKEN holds no PEM with a CERTIFICATE", "--tls-cert", "BROKEN", "--tls-key", "KEY")]
    [InlineData("--tls-ca: cannot read the certificates of 'GARBAGE'", "--tls-cert", "CERT", "--tls-key", "KEY", "--tls-ca", "GARBAGE")]
    [InlineData("--tls-cert: HUGE holds no PEM", "--tls-cert", "HUGE")]
    public void What_cannot_be_is_named_with_its_option(string fault, params string[] arguments)
    {
        using ECDsa key = ECDsa.Create();
        PbeParameters weak = new(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1);
        _folder.Write("encrypted.pem", key.ExportEncryptedPkcs8PrivateKeyPem("x", weak));
        _folder.Write("broken.pem", "-----BEGIN CERTIFICATE-----\nno base64 at all!\n-----END CERTIFICATE-----\n");
        _folder.Write("garbage.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
        _folder.WriteZeroes("huge.pem", (1 << 20) + 1);
        string[] written = [.. arguments.Select(Place)];
        StartupException e = Assert.Throws<StartupException>(() => Parse(written));
        string expected = fault;
        foreach (string name in (string[])["CERT", "KEY", "BROKEN", "GARBAGE", "HUGE"])
        {
            expected = expected.Replace($" {name} ", $" {Place(name)} ", StringComparison.Ordinal)
                .Replace($"'{name}'", $"'{Place(name)}'", StringComparison.Ordinal);
        }

        Assert.Contains(expected, Assert.Single(e.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public void The_configuration_file_says_the_same_and_gives_way()
    {
        string config = _folder.Write(
            "c.json", $$"""{"version": 1, "tls": "selective", "tlsCert": "{{Cert}}", "tlsKey": "{{Key}}", "tlsCa": "{{Ca}}"}""");
        NbdTls tls = Parse("--config", config).Tls!;
        Assert.Equal(NbdTlsMode.Selective, tls.Mode);
        Assert.NotNull(tls.ClientRoots);
        Assert.Null(Parse("--config", config, "--tls", "off").Tls);

        // Another certificate comes with its own key, never with the file's.
        StartupException e = Assert.Throws<StartupException>(() => Parse("--config", config, "--tls-cert", _folder.File("client-cert.pem")));
        Assert.Contains("holds no private key", Assert.Single(e.Faults), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_TLS_only_disk_needs_TLS()
    {
        StartupException e = await Assert.ThrowsAsync<StartupException>(() => TestServer.StartAsync("--disk", "name=a,size=1M,tls"));
        Assert.Equal("--disk: a: tls: nobody could reach it: TLS is off; give the server --tls-cert FILE", Assert.Single(e.Faults));
    }

    [Fact]
    public async Task Over_HTTP_a_disk_is_made_for_TLS_only_and_shown_so_where_there_is_TLS()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M", "--tls-cert", Cert, "--tls-key", Key, "--tls", "selective");
        Answer made = await server.PostAsync("/api/v1/disks", """{"name": "b", "size": 1048576, "tls": true}""");
        Assert.Equal(201, made.Status);
        Assert.True(made.Json.GetProperty("tls").GetBoolean());
        Assert.False((await server.GetAsync("/api/v1/disks/disk0")).Json.GetProperty("tls").GetBoolean());
        await using TestServer plain = await TestServer.StartAsync("--disk", "size=1M");
        Answer refused = await plain.PostAsync("/api/v1/disks", """{"name": "b", "size": 1048576, "tls": true}""");
        Assert.Equal(400, refused.Status);
        Assert.Contains("\"tls\"", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_whose_time_is_over_is_warned_of_and_served()
    {
        using X509Certificate2 old = _authority.Issue(TestAuthority.ServerUsage, isExpired: true);
        string both = _folder.Write("old.pem", old.ExportCertificatePem() + "\n" + TestAuthority.KeyPem(old));
        using RecordedLog log = new();
        await using ServerHost host = await ServerHost.StartAsync(
            Parse("--tls-cert", both, "--nbd", "none", "--admin", "none"), TimeProvider.System, log);
        Assert.Contains("CN=localhost", Assert.Single(log.Warnings), StringComparison.Ordinal);
    }

    private static ServerOptions Parse(params string[] arguments) => new CommandLine().Parse(arguments, TextWriter.Null)!;

    private string Place(string name) => name switch
    {
        "CERT" => Cert,
        "KEY" => Key,
        "CA" => Ca,
        "OTHER" => _folder.File("client-key.pem"),
        "ENCRYPTED" or "BROKEN" or "GARBAGE" or "HUGE" => _folder.File($"{name.ToLowerInvariant()}.pem"),
        _ => name,
    };

    public void Dispose()
    {
        _authority.Dispose();
        _folder.Dispose();
    }
}
