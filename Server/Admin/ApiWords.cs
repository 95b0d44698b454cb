using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Admin;

/// <summary>The words of the HTTP interface for enumerations; stable, whatever the types are called.</summary>
internal static class ApiWords
{
    public static string Of(PowerState state) => state switch
    {
        PowerState.On => "on",
        PowerState.Off => "off",
        PowerState.Failed => "failed",
        _ => "stopping",
    };

    public static string Of(OffBehaviour behaviour) => behaviour switch
    {
        OffBehaviour.Hang => "hang",
        OffBehaviour.Error => "error",
        OffBehaviour.Reconnect => "reconnect",
        _ => "reset",
    };

    public static string Of(LossModelKind kind) => kind switch
    {
        LossModelKind.LoseAll => "lose-all",
        LossModelKind.KeepAll => "keep-all",
        LossModelKind.Fifo => "fifo",
        LossModelKind.Epoch => "epoch",
        LossModelKind.Aged => "aged",
        LossModelKind.Adversary => "adversary",
        LossModelKind.Explicit => "explicit",
        _ => "random",
    };

    public static bool TryParse(string text, out OffBehaviour behaviour)
    {
        behaviour = text switch
        {
            "hang" => OffBehaviour.Hang,
            "error" => OffBehaviour.Error,
            "reconnect" => OffBehaviour.Reconnect,
            _ => OffBehaviour.Reset,
        };
        return text is "reset" or "hang" or "error" or "reconnect";
    }
}
