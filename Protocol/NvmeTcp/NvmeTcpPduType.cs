namespace BlockEmu.Protocol.NvmeTcp;

/// <summary>What a PDU is (NVMe/TCP Transport 1.0, 3.6.2): byte 0 of each.</summary>
public enum NvmeTcpPduType : byte
{
    /// <summary><c>ICReq</c>, host to controller: the first on a connection.</summary>
    InitializeRequest = 0x00,

    /// <summary><c>ICResp</c>, controller to host.</summary>
    InitializeResponse = 0x01,

    /// <summary><c>H2CTermReq</c>: the host found a fatal error.</summary>
    HostTerminate = 0x02,

    /// <summary><c>C2HTermReq</c>: the controller found one.</summary>
    ControllerTerminate = 0x03,

    /// <summary><c>CapsuleCmd</c>: a submission queue entry, perhaps with data behind it.</summary>
    Command = 0x04,

    /// <summary><c>CapsuleResp</c>: a completion queue entry.</summary>
    Response = 0x05,

    /// <summary><c>H2CData</c>: data that an R2T asked for.</summary>
    HostData = 0x06,

    /// <summary><c>C2HData</c>: data that a command asked for.</summary>
    ControllerData = 0x07,

    /// <summary><c>R2T</c>: the controller is ready for a command's data.</summary>
    ReadyToTransfer = 0x09,
}
