using System.CommandLine;
using BlockEmu.Cli.Http;

namespace BlockEmu.Cli;

/// <summary>The options that every command takes.</summary>
internal sealed class SharedOptions(Func<string, string?> environment)
{
    public const string DefaultAdmin = "http://127.0.0.1:10810";

    private readonly Option<string?> _admin = new("--admin")
    {
        Description = $"The server's HTTP interface: a URL, or unix:PATH. Default: BLOCKEMU_ADMIN, else {DefaultAdmin}.",
        HelpName = "URL",
        Recursive = true,
    };

    private readonly Option<string?> _tokenFile = new("--token-file")
    {
        Description = "The file with the server's token. Default: BLOCKEMU_TOKEN_FILE.",
        HelpName = "FILE",
        Recursive = true,
    };

    private readonly Option<bool> _json = new("--json") { Description = "Print JSON.", Recursive = true };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(_admin);
        root.Options.Add(_tokenFile);
        root.Options.Add(_json);
    }

    public bool IsJson(ParseResult result) => result.GetValue(_json);

    public AdminClient Connect(ParseResult result) => AdminClient.Create(
        result.GetValue(_admin) ?? NotEmpty("BLOCKEMU_ADMIN") ?? DefaultAdmin,
        result.GetValue(_tokenFile) ?? NotEmpty("BLOCKEMU_TOKEN_FILE"));

    private string? NotEmpty(string name) => environment(name) is { Length: > 0 } value ? value : null;
}
