using System.Globalization;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Hosting.Configuration;

/// <summary>What clients may take at most, as written. Null = not given.</summary>
internal sealed class LimitsDraft
{
    private const long LeastBufferBytes = 16 << 20;
    private const long MostBufferBytes = 1L << 40;

    public string? MaxConnections { get; set; }

    public string? MaxBufferMemory { get; set; }

    /// <summary>Takes what is not given here from the configuration file.</summary>
    public void FillFrom(LimitsDraft config)
    {
        MaxConnections ??= config.MaxConnections;
        MaxBufferMemory ??= config.MaxBufferMemory;
    }

    /// <summary>Judges it; every fault is one line that names the option.</summary>
    /// <param name="faults">Where the faults go.</param>
    /// <param name="possibleConnections">What the process' descriptors allow.</param>
    public FrontEndLimits Build(List<string> faults, int possibleConnections)
    {
        FrontEndLimits limits = new();
        int connections = Math.Min(limits.MaxConnections, possibleConnections);
        if (MaxConnections is { } number
            && (!int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out connections)
                || connections < 1 || connections > possibleConnections))
        {
            faults.Add(
                $"--max-connections: '{number}' is not a number from 1 to {possibleConnections}"
                + (possibleConnections == int.MaxValue ? "" : ", which is what this process' descriptors allow (ulimit -n)"));
        }

        long bufferBytes = limits.MaxBufferBytes;
        if (MaxBufferMemory is { } size
            && (!ByteSize.TryParse(size, out bufferBytes) || bufferBytes is < LeastBufferBytes or > MostBufferBytes))
        {
            faults.Add(
                $"--max-buffer-memory: '{size}' is not a size from {ByteSize.Format(LeastBufferBytes)} to {ByteSize.Format(MostBufferBytes)}");
        }

        return limits with { MaxConnections = connections, MaxBufferBytes = bufferBytes };
    }
}
