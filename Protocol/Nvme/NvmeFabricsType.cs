namespace BlockEmu.Protocol.Nvme;

/// <summary>FCTYPE, byte 4 of a command with opcode 7Fh (Base 6).</summary>
public enum NvmeFabricsType : byte
{
    PropertySet = 0x00,
    Connect = 0x01,
    PropertyGet = 0x04,
    AuthenticationSend = 0x05,
    AuthenticationReceive = 0x06,
    Disconnect = 0x08,
}
