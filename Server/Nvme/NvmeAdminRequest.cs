using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>A Connect that asks for a controller: by whom, how, and on which connection.</summary>
internal readonly record struct NvmeAdminRequest(NvmeHost Host, NvmeConnect Connect, INvmeQueueSink Sink);
