using System.CommandLine;
using BlockEmu.Idle;

Option<int> idle = new("--idle") { Description = "Idle connections.", DefaultValueFactory = _ => 2000 };
Option<int> rounds = new("--rounds") { Description = "How often to measure without and with them, in turn.", DefaultValueFactory = _ => 5 };
Option<double> seconds = new("--seconds") { Description = "How long each measurement lasts.", DefaultValueFactory = _ => 2 };
Option<string?> server = new("--server") { Description = "The server's program or DLL; default: the one built with this program." };
RootCommand command = new(
    "Measures what idle NBD connections cost a server: the throughput of 4 busy ones (queue depth 8, 70 % reads of 4 KiB) without and "
    + "with them, and resident memory. The last line says both.")
{
    idle, rounds, seconds, server,
};
command.SetAction(parsed => new IdleRun(
    parsed.GetValue(idle), parsed.GetValue(rounds), TimeSpan.FromSeconds(parsed.GetValue(seconds)), Console.Out).Run(parsed.GetValue(server)));
return command.Parse(args).Invoke();
