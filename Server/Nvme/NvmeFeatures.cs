using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>Get Features and Set Features (Base 5.15, 5.27): nothing is saved, no feature is a namespace's.</summary>
internal sealed class NvmeFeatures(NvmeController controller)
{
    private const uint SaveBit = 1u << 31;
    private const uint Changeable = 1u << 2; // "supported capabilities" of a feature
    private const uint HealthEvents = 0xFF;  // feature 0Bh 7:0: warnings of health, of which none ever comes
    private const ushort InvalidQueueCount = 0xFFFF;

    /// <summary>SEL, CDW10 10:8.</summary>
    private enum Select
    {
        Current = 0,
        Default = 1,
        Saved = 2,
        Capabilities = 3,
    }

    public NvmeAdminAnswer Get(in NvmeCommand command)
    {
        NvmeFeature feature = (NvmeFeature)(byte)command.Cdw10;
        Select select = (Select)((command.Cdw10 >> 8) & 7);
        if (select > Select.Capabilities || Read(feature, isDefault: select != Select.Current) is not { } value)
        {
            return NvmeStatus.InvalidField.Final;
        }

        return NvmeAdminAnswer.Of(select == Select.Capabilities ? Changeable : value);
    }

    public NvmeAdminAnswer Set(in NvmeCommand command)
    {
        NvmeFeature feature = (NvmeFeature)(byte)command.Cdw10;
        if (Read(feature, isDefault: true) is null)
        {
            return NvmeStatus.InvalidField.Final;
        }

        if ((command.Cdw10 & SaveBit) != 0)
        {
            return NvmeStatus.FeatureNotSaveable.Final;
        }

        switch (feature)
        {
            case NvmeFeature.NumberOfQueues:
                return SetQueueCount(command.Cdw11);
            case NvmeFeature.AsynchronousEventConfiguration:
                if ((command.Cdw11 & ~(HealthEvents | (uint)controller.Role.Events)) != 0)
                {
                    return NvmeStatus.InvalidField.Final;
                }

                controller.Events.Wanted = (NvmeEventMask)command.Cdw11;
                return NvmeAdminAnswer.Success;
            case NvmeFeature.KeepAliveTimer:
                controller.KeepAlive.TimeoutMs = command.Cdw11;
                return NvmeAdminAnswer.Success;
            default:
                return controller.Role.SetFeature(controller, feature, command.Cdw11);
        }
    }

    private uint? Read(NvmeFeature feature, bool isDefault) => feature switch
    {
        NvmeFeature.NumberOfQueues when controller.Namespace is not null =>
            Pair((isDefault ? NvmeLimits.MaxIoQueues : controller.GrantedQueues) - 1),
        NvmeFeature.AsynchronousEventConfiguration => isDefault ? 0 : (uint)controller.Events.Wanted,
        NvmeFeature.KeepAliveTimer => isDefault ? 0 : controller.KeepAlive.TimeoutMs,
        _ => controller.Role.GetFeature(controller, feature, isDefault),
    };

    /// <summary>NSQR and NCQR, 0's based; a queue of Fabrics is both, so the smaller one counts.</summary>
    private NvmeAdminAnswer SetQueueCount(uint asked)
    {
        ushort submission = (ushort)asked;
        ushort completion = (ushort)(asked >> 16);
        if (submission == InvalidQueueCount || completion == InvalidQueueCount)
        {
            return NvmeStatus.InvalidField.Final;
        }

        int granted = Math.Min(Math.Min(submission, completion) + 1, NvmeLimits.MaxIoQueues);
        return controller.TryGrantQueues(granted) ? NvmeAdminAnswer.Of(Pair(granted - 1)) : NvmeStatus.CommandSequenceError.Final;
    }

    private static uint Pair(int count) => (uint)count | ((uint)count << 16);
}
