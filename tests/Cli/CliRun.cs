using System.Text.Json;

namespace BlockEmu.Cli.Tests;

/// <summary>One run of the program in this process.</summary>
internal sealed record CliRun(int Exit, string Output, string Errors)
{
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static async Task<CliRun> RunAsync(IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        StringWriter output = new();
        StringWriter errors = new();
        int exit = await CliProgram.RunAsync(
            arguments, output, errors, name => environment.FirstOrDefault(e => e.Name == name).Value);
        return new CliRun(exit, output.ToString(), errors.ToString());
    }

    public CliRun Is(int exit)
    {
        Assert.True(exit == Exit, $"exit {exit} was expected: {Exit}, {Errors}{Output}");
        return this;
    }

    /// <summary>One line on standard error, nothing on standard output.</summary>
    public CliRun Says(string part)
    {
        Assert.Contains(part, Errors, StringComparison.Ordinal);
        Assert.Equal(1, Errors.Count(c => c == '\n'));
        Assert.Equal("", Output);
        return this;
    }
}
