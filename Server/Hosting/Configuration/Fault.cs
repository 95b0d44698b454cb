namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>One thing wrong in what somebody asked for.</summary>
/// <param name="Field">The option, key or JSON field: <c>size</c>, <c>disks[0].size</c>.</param>
/// <param name="Detail">What is wrong and what would be right.</param>
internal readonly record struct Fault(string Field, string Detail)
{
    public override string ToString() => Field.Length == 0 ? Detail : $"{Field}: {Detail}";

    /// <summary>Splits the device's own messages, which start with the option's name.</summary>
    public static Fault FromDevice(string message)
    {
        int colon = message.IndexOf(": ", StringComparison.Ordinal);
        return colon < 0 ? new Fault("", message) : new Fault(message[..colon], message[(colon + 2)..]);
    }
}
