using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Transport;

namespace BlockEmu.Server.Nbd;

/// <summary>One NBD connection's hold on one disk, from the choice of the export on.</summary>
internal sealed class NbdSession(ServedDisk served, NbdSessionTerms terms, ConnectionMeter meter) : DiskSession(served, meter)
{
    public NbdSessionTerms Terms { get; } = terms;

    public NbdExport Export => Terms.Export;
}
