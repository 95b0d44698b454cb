namespace BlockEmu.Protocol.Nvme;

/// <summary>NVMe Qualified Names (Base 4.7).</summary>
public static class NvmeNames
{
    /// <summary>The longest name, bytes of UTF-8, without the NUL that ends it.</summary>
    public const int MaxNqnBytes = 223;

    /// <summary>The name every discovery subsystem answers to.</summary>
    public const string Discovery = "nqn.2014-08.org.nvmexpress.discovery";
}
