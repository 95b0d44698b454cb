using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>Get Features and Set Features (Base 5.15, 5.27): nothing is saved, and of the features only Error Recovery is a
/// namespace's.</summary>
internal sealed class NvmeFeatures(NvmeController controller)
{
    private const uint SaveBit = 1u << 31;
    private const uint Changeable = 1u << 2; // "supported capabilities" of a feature
    private const uint OfNamespace = 1u << 1;
    private const uint HealthEvents = 0xFF;  // feature 0Bh 7:0: warnings of health, of which only the temperature's ever comes
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
        if (select > Select.Capabilities || Read(feature, command.Cdw11, isDefault: select != Select.Current) is not { } value)
        {
            return NvmeStatus.InvalidField.Final;
        }

        bool isOfNamespace = feature == NvmeFeature.ErrorRecovery;
        return isOfNamespace && command.NamespaceId is not (0 or NvmeNamespace.OnlyId) ? NvmeStatus.InvalidNamespaceOrFormat.Final
            : NvmeAdminAnswer.Of(select != Select.Capabilities ? value : isOfNamespace ? Changeable | OfNamespace : Changeable);
    }

    public NvmeAdminAnswer Set(in NvmeCommand command)
    {
        NvmeFeature feature = (NvmeFeature)(byte)command.Cdw10;
        if (!IsOwn(feature) && Read(feature, 0, isDefault: true) is null)
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
            case NvmeFeature.ErrorRecovery when command.NamespaceId is not (0 or NvmeNamespace.OnlyId or NvmeNamespace.Broadcast):
                return NvmeStatus.InvalidNamespaceOrFormat.Final;
            case { } when IsOwn(feature):
                return SetOwn(feature, command.Cdw11);
            default:
                return controller.Role.SetFeature(controller, feature, command.Cdw11);
        }
    }

    /// <summary>Whether the controller keeps it; a discovery controller has none of them.</summary>
    private bool IsOwn(NvmeFeature feature) => controller.Namespace is not null && NvmeSettings.Has(feature);

    private NvmeAdminAnswer SetOwn(NvmeFeature feature, uint value)
    {
        if (!controller.Settings.TrySet(feature, value))
        {
            return NvmeStatus.InvalidField.Final;
        }

        if (feature == NvmeFeature.TemperatureThreshold && controller.Settings.IsBeyondThreshold)
        {
            controller.Raise(NvmeAsyncEvent.TemperatureThreshold, NvmeEventMask.TemperatureThreshold);
        }

        return NvmeAdminAnswer.Success;
    }

    private uint? Read(NvmeFeature feature, uint cdw11, bool isDefault) => feature switch
    {
        { } when IsOwn(feature) => controller.Settings.Get(feature, cdw11, isDefault),
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
