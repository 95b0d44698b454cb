using System.CommandLine;

namespace BlockEmu.Bench.Growth;

/// <summary><c>growth</c>: how cost grows with what is pending, cached and asked for at once. Prints tables in Markdown.</summary>
internal static class GrowthProgram
{
    private const string Row = "row";

    public static async Task<int> RunAsync(string[] args, TextWriter output)
    {
        if (args is [Row, string count, string lengthBytes])
        {
            await output.WriteLineAsync(PendingCost.Measure(int.Parse(count), int.Parse(lengthBytes)).ToText());
            return 0;
        }

        Option<int> maxPending = new("--max-pending")
        {
            Description = "The most pending writes; 8000000 of 512 bytes need some 10 GiB of memory.",
            DefaultValueFactory = static _ => 8_000_000,
        };
        Option<double> seconds = new("--seconds") { Description = "How long each load lasts.", DefaultValueFactory = static _ => 2 };
        Option<int> rounds = new("--rounds") { Description = "How often; medians are printed.", DefaultValueFactory = static _ => 3 };
        Option<string> only = new("--only") { Description = "pending, server or all.", DefaultValueFactory = static _ => "all" };
        only.AcceptOnlyFromAmong("pending", "server", "all");
        RootCommand command = new("Prints how the cost of a request, of a flush and of a cut, and memory, grow.")
        {
            maxPending, seconds, rounds, only,
        };
        command.SetAction(async (parsed, _) =>
        {
            if (parsed.GetValue(only) != "server")
            {
                new PendingTable(output, parsed.GetValue(rounds)).Print(parsed.GetValue(maxPending));
            }

            if (parsed.GetValue(only) != "pending")
            {
                await new ServerTable(output, parsed.GetValue(rounds), parsed.GetValue(seconds)).PrintAsync();
            }
        });
        return await command.Parse(args).InvokeAsync();
    }
}
