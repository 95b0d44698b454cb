namespace BlockEmu.Protocol.Nvme;

/// <summary>CNS, which structure Identify returns (Base 5.17).</summary>
public enum NvmeIdentifyStructure : byte
{
    Namespace = 0x00,
    Controller = 0x01,
    ActiveNamespaces = 0x02,
    NamespaceDescriptors = 0x03,
    CommandSetNamespace = 0x05,
    CommandSetController = 0x06,
    ActiveNamespacesOfCommandSet = 0x07,
    IndependentNamespace = 0x08,
    CommandSets = 0x1C,
}
