namespace BlockEmu.Protocol.Nbd;

/// <summary>A metadata context of an export: what BLOCK_STATUS can tell about its blocks.</summary>
/// <param name="Id">What its chunks carry; 0 in answers to LIST_META_CONTEXT.</param>
/// <param name="Name">Namespace, colon, leaf.</param>
public readonly record struct NbdMetaContext(uint Id, string Name);
