namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>Which digests a connection carries (<c>DGST</c> of ICReq and ICResp).</summary>
[Flags]
public enum NvmeTcpDigests : byte
{
    None = 0,

    /// <summary><c>HDGST_ENABLE</c>: of every header but those of ICReq, ICResp and the TermReqs.</summary>
    Header = 0x01,

    /// <summary><c>DDGST_ENABLE</c>: of all data.</summary>
    Data = 0x02,
}
