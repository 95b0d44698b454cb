using System.Globalization;
using System.Text;
using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Tests.Simulation;

/// <summary>Simulated commands as a script of tests/Device/Scripts, without the answers: BLOCKEMU_REWRITE_SCRIPTS puts in those that
/// come.</summary>
internal static class ScriptText
{
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    public static string Of(DiskOptions options, IReadOnlyList<SimulatedCommand> commands)
    {
        Dictionary<ulong, char> letters = new() { [0] = '.' };
        StringBuilder text = new(Remark(options, commands));
        foreach (string line in commands.SelectMany(c => Lines(c, letters)).Prepend(Disk(options)))
        {
            text.Append(line).Append("\n----\n\n");
        }

        return text.ToString();
    }

    /// <summary>What a script has no words for.</summary>
    private static string Remark(DiskOptions options, IReadOnlyList<SimulatedCommand> commands)
    {
        string changes = string.Concat(
            commands.Select(static (c, i) => (c.Options, Number: i + 1)).Where(static c => c.Options is not null)
                .Select(static c => $"; after command {c.Number} destage {c.Options!.Destage.Kind}, isolation {c.Options.Isolation.Name}"));
        if (options.Isolation.IsPlain)
        {
            return options.Destage == DestagePolicy.Oldest && changes.Length == 0 ? "" : $"# destage {options.Destage.Kind}{changes}\n\n";
        }

        IEnumerable<int> between = Enumerable.Range(1, commands.Count).Where(i => commands[i - 1].IsBetween);
        return $"# destage {options.Destage.Kind}, isolation {options.Isolation.Name}, adversarial; "
            + "between the steps of the command before it, where that has several: "
            + $"commands {string.Join(", ", between)}{changes}\n\n";
    }

    private static string Disk(DiskOptions options)
    {
        long block = options.BlockSizeBytes;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"disk block={block} size={options.SizeBytes / block} cache={options.CacheBytes / block} {Promise(options)}");
    }

    private static string Promise(DiskOptions options)
    {
        AtomicityParameters promise = options.EffectiveAtomicity;
        long block = options.BlockSizeBytes;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"awupf={promise.EffectiveAwupfBytes / block} awun={promise.EffectiveAwunBytes / block} nabspf={promise.NabspfBytes / block} "
                + $"nabo={promise.NaboBytes / block}{(promise.Mam ? " mam=on" : "")}{(promise.Dn ? " dn=on" : "")}");
    }

    private static IEnumerable<string> Lines(SimulatedCommand command, Dictionary<ulong, char> letters)
    {
        string range = string.Create(CultureInfo.InvariantCulture, $"{command.First} {command.Count}");
        string fua = command.IsFua ? " fua" : "";
        switch (command.Kind)
        {
            case SimulatedKind.Write:
                yield return $"write {command.First} {Payload(command, letters)}{fua}";
                break;
            case SimulatedKind.Begin:
                yield return $"begin w{command.Name} {command.First} {Payload(command, letters)}";
                break;
            case SimulatedKind.Acknowledge:
                yield return $"ack w{command.Name}";
                break;
            case SimulatedKind.Zero or SimulatedKind.Trim:
                yield return $"{(command.Kind == SimulatedKind.Zero ? "zero" : "trim")} {range}{fua}";
                break;
            case SimulatedKind.Read:
                yield return $"read {range}";
                break;
            case SimulatedKind.Cut or SimulatedKind.Recut:
                yield return $"{(command.Kind == SimulatedKind.Cut ? "cut" : "recut")} seed={command.Seed} loss={command.Loss}";
                yield return "dump";
                break;
            case SimulatedKind.Shutdown:
                yield return "shutdown";
                yield return "dump";
                break;
            case SimulatedKind.Change:
                yield return $"set {Promise(command.Options!)}";
                break;
            default:
                yield return command.Kind switch
                {
                    SimulatedKind.Flush => "flush",
                    SimulatedKind.BeginFlush => "accept-flush",
                    SimulatedKind.EndFlush => "end-flush",
                    _ => "on",
                };
                break;
        }
    }

    private static string Payload(SimulatedCommand command, Dictionary<ulong, char> letters)
    {
        char[] payload = new char[command.Count];
        for (int i = 0; i < payload.Length; i++)
        {
            ulong content = command.ContentOf(i);
            if (!letters.TryGetValue(content, out payload[i]))
            {
                payload[i] = letters[content] = Letters[(letters.Count - 1) % Letters.Length];
            }
        }

        return new string(payload);
    }
}
