using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.NvmeTcp;

/// <summary>Judging the descriptor of data that goes to the controller (TCP Transport 1.0, 3.1.2).</summary>
internal static class CommandData
{
    /// <summary>Success: the data is a part of the capsule, or to be asked for.</summary>
    /// <param name="data">The descriptor.</param>
    /// <param name="inCapsule">What came in the capsule; what is meant of it, on success.</param>
    /// <param name="neededBytes">How many bytes it must describe; less than 0: at least that many.</param>
    public static NvmeStatus Judge(in NvmeSgl data, ref ReadOnlySpan<byte> inCapsule, int neededBytes)
    {
        if (data.Kind == NvmeSglKind.Unknown)
        {
            return NvmeStatus.SglTypeInvalid.Final;
        }

        bool isLong = neededBytes >= 0 ? data.LengthBytes == neededBytes : data.LengthBytes >= (uint)-neededBytes;
        if (!isLong)
        {
            return NvmeStatus.SglLengthInvalid.Final;
        }

        if (data.LengthBytes > NvmeLimits.MaxTransferBytes)
        {
            return NvmeStatus.InvalidField.Final;
        }

        if (data.Kind == NvmeSglKind.Transport)
        {
            return inCapsule.IsEmpty ? NvmeStatus.Success : NvmeStatus.SglTypeInvalid.Final;
        }

        if (data.Address > (ulong)inCapsule.Length)
        {
            return NvmeStatus.SglOffsetInvalid.Final;
        }

        inCapsule = inCapsule[(int)data.Address..];
        if (data.LengthBytes > inCapsule.Length)
        {
            return NvmeStatus.SglLengthInvalid.Final;
        }

        inCapsule = inCapsule[..(int)data.LengthBytes];
        return NvmeStatus.Success;
    }
}
