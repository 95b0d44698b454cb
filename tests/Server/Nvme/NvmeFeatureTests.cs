using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

public sealed class NvmeFeatureTests
{
    [Theory]
    [InlineData(0x0003_0003u, 0x0003_0003u)]
    [InlineData(0x0001_0003u, 0x0001_0001u)]
    [InlineData(0xFFFE_FFFEu, 0x003F_003Fu)]
    [InlineData(0u, 0u)]
    public void Queues_are_granted_as_many_as_asked_for_up_to_the_limit(uint asked, uint granted)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(0x003F_003Ful, Get(controller, NvmeFeature.NumberOfQueues));
        Assert.Equal(NvmeAdminAnswer.Of(granted), Set(controller, NvmeFeature.NumberOfQueues, asked));
        Assert.Equal(granted, Get(controller, NvmeFeature.NumberOfQueues));
        ushort last = (ushort)((granted & 0xFFFF) + 1);
        Assert.NotNull(bench.Connect(queueId: last, controllerId: controller.Id).Queue);
        Assert.Equal(42u, bench.Connect(queueId: (ushort)(last + 1), controllerId: controller.Id).Result);
        Assert.Equal(NvmeStatus.CommandSequenceError.Final, Set(controller, NvmeFeature.NumberOfQueues, 0).Status);
    }

    [Theory]
    [InlineData(0xFFFFu)]
    [InlineData(0xFFFF_0000u)]
    public void A_number_of_queues_that_cannot_be_is_refused(uint asked)
    {
        using NvmeBench bench = new();
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(bench.ConnectReady(), NvmeFeature.NumberOfQueues, asked).Status);
    }

    [Fact]
    public void The_cache_that_is_switched_off_is_flushed_first()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeController other = bench.ConnectReady();
        bench.Served.Disk.Write(controller.PowerEpoch, 0, new byte[4096], fua: false);
        Assert.Equal(1ul, Get(controller, NvmeFeature.VolatileWriteCache));
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.VolatileWriteCache, 0).Status);
        Assert.True(controller.MustForceUnitAccess);
        Assert.Equal(0, bench.Served.Disk.GetStatistics().PendingAtoms);
        Assert.Equal(0ul, Get(controller, NvmeFeature.VolatileWriteCache));
        Assert.False(other.MustForceUnitAccess);
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.VolatileWriteCache, 1).Status);
        Assert.False(controller.MustForceUnitAccess);
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, NvmeFeature.VolatileWriteCache, 2).Status);
    }

    [Fact]
    public void Without_a_cache_there_is_nothing_to_switch()
    {
        using NvmeBench bench = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20, CacheBytes = 0 });
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, NvmeFeature.VolatileWriteCache, 1).Status);
        Assert.Equal(
            NvmeStatus.InvalidField.Final,
            NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, NvmeFeature.VolatileWriteCache)).Status);
    }

    [Fact]
    public void Write_atomicity_normal_is_the_disks_dn()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(0ul, Get(controller, NvmeFeature.WriteAtomicityNormal));
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.WriteAtomicityNormal, 1).Status);
        Assert.True(bench.Served.Disk.Options.EffectiveAtomicity.Dn);
        Assert.Equal(1ul, Get(controller, NvmeFeature.WriteAtomicityNormal));
        Assert.Equal(0ul, Get(controller, NvmeFeature.WriteAtomicityNormal, select: 1));
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, NvmeFeature.WriteAtomicityNormal, 2).Status);
    }

    [Fact]
    public void The_keep_alive_timer_is_rounded_up()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady(keepAliveMs: 5000);
        Assert.Equal(5000ul, Get(controller, NvmeFeature.KeepAliveTimer));
        Set(controller, NvmeFeature.KeepAliveTimer, 1);
        Assert.Equal(100ul, Get(controller, NvmeFeature.KeepAliveTimer));
        Set(controller, NvmeFeature.KeepAliveTimer, uint.MaxValue);
        Assert.Equal((ulong)int.MaxValue, Get(controller, NvmeFeature.KeepAliveTimer));
    }

    [Fact]
    public void Events_can_be_chosen_from_those_that_there_are()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.AsynchronousEventConfiguration, 0x1FF).Status);
        Assert.Equal(0x1FFul, Get(controller, NvmeFeature.AsynchronousEventConfiguration));
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, NvmeFeature.AsynchronousEventConfiguration, 1u << 31).Status);
    }

    [Theory]
    [InlineData(0x00)]
    [InlineData(0x03)]
    [InlineData(0x08)]
    [InlineData(0x09)]
    [InlineData(0x0C)]
    [InlineData(0x0E)]
    [InlineData(0x82)]
    public void A_feature_that_there_is_not_is_refused(byte feature)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, (NvmeFeature)feature, 0).Status);
        Assert.Equal(
            NvmeStatus.InvalidField.Final,
            NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, (NvmeFeature)feature)).Status);
    }

    /// <summary>Base 2.0, figure "Feature Support" for an I/O controller, and what is mandatory of the NVM command set and of Fabrics.</summary>
    [Theory]
    [InlineData(0x01, 7u, 0x0102_0304u, 0x0102_0304u)]
    [InlineData(0x02, 0u, 0xE0u, 0xE0u)]
    [InlineData(0x04, 343u, 300u, 300u)]
    [InlineData(0x05, 0u, 0xFFFFu, 0xFFFFu)]
    [InlineData(0x06, 1u, 0u, 0u)]
    [InlineData(0x07, 0x003F_003Fu, 0x0001_0001u, 0x0001_0001u)]
    [InlineData(0x0A, 0u, 1u, 1u)]
    [InlineData(0x0B, 0u, 0x100u, 0x100u)]
    [InlineData(0x0F, 0u, 1000u, 1000u)]
    public void A_mandatory_feature_is_there_by_every_selection_and_a_reset_takes_it_back(byte id, uint initial, uint value, uint kept)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeFeature feature = (NvmeFeature)id;
        Assert.Equal(initial, Get(controller, feature));
        Assert.Equal(NvmeStatus.Success, Set(controller, feature, value).Status);
        Assert.Equal(kept, Get(controller, feature));
        Assert.Equal(initial, Get(controller, feature, select: 1));
        Assert.Equal(initial, Get(controller, feature, select: 2));
        Assert.Equal(id == 0x05 ? 6u : 4u, Get(controller, feature, select: 3));
        NvmeCommand save = NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, feature, value);
        Assert.Equal(NvmeStatus.FeatureNotSaveable.Final, NvmeBench.Run(controller, save with { Cdw10 = save.Cdw10 | (1u << 31) }).Status);
        NvmeBench.Set(controller, NvmeConfiguration.Enabled.Disabled());
        NvmeBench.Set(controller, NvmeConfiguration.Enabled);

        // DN is the disk's, and the Keep Alive Timer the connection's.
        Assert.Equal(id is 0x0A or 0x0F ? kept : initial, Get(controller, feature));
    }

    [Theory]
    [InlineData(0x02, 1u)]
    [InlineData(0x04, 0x1_0000u)]
    [InlineData(0x04, 0x20_0000u)]
    [InlineData(0x05, 0x1_0000u)]
    public void A_value_that_cannot_be_changes_nothing(byte id, uint value)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        ulong before = Get(controller, (NvmeFeature)id);
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(controller, (NvmeFeature)id, value).Status);
        Assert.Equal(before, Get(controller, (NvmeFeature)id));
    }

    [Fact]
    public void Each_threshold_is_told_by_its_own_selector()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.TemperatureThreshold, 0x10_0000 | 280).Status);
        Assert.Equal(NvmeStatus.Success, Set(controller, NvmeFeature.TemperatureThreshold, 0xF_0000 | 330).Status);
        Assert.Equal((330ul, 280ul), (Read(0), Read(0x10_0000)));
        NvmeCommand sensor = NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, NvmeFeature.TemperatureThreshold, 0x1_0000);
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, sensor).Status);

        ulong Read(uint selector) =>
            NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, NvmeFeature.TemperatureThreshold, selector)).Result;
    }

    [Fact]
    public void A_threshold_at_the_temperature_is_a_warning_and_an_event()
    {
        using NvmeBench bench = new();
        RecordedQueue admin = new();
        NvmeController controller = bench.ConnectReady(admin);
        Set(controller, NvmeFeature.AsynchronousEventConfiguration, 0x02);
        NvmeBench.Run(controller, NvmeBench.EventRequest(9));
        Assert.False(Health().IsBeyondThreshold);
        Set(controller, NvmeFeature.TemperatureThreshold, NvmeHealth.RoomKelvin + 1);
        Assert.Empty(admin.Completed);
        Set(controller, NvmeFeature.TemperatureThreshold, NvmeHealth.RoomKelvin);
        Assert.Equal([((ushort)9, NvmeStatus.Success, 0x0002_0101ul)], admin.Completed);
        Assert.True(Health().IsBeyondThreshold);

        NvmeHealthLog Health() => NvmeHealthLog.Read(NvmeBench.ReadLog(controller, NvmeLogPage.Health, NvmeHealthLog.SizeBytes));
    }

    [Theory]
    [InlineData(0u, true, true)]
    [InlineData(1u, true, true)]
    [InlineData(0xFFFF_FFFFu, false, true)]
    [InlineData(2u, false, false)]
    public void Error_recovery_is_of_the_namespace(uint namespaceId, bool canGet, bool canSet)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeCommand get = NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, NvmeFeature.ErrorRecovery) with { NamespaceId = namespaceId };
        NvmeCommand set = NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.ErrorRecovery, 5) with { NamespaceId = namespaceId };
        NvmeStatus refusal = NvmeStatus.InvalidNamespaceOrFormat.Final;
        Assert.Equal(canGet ? NvmeStatus.Success : refusal, NvmeBench.Run(controller, get).Status);
        Assert.Equal(canSet ? NvmeStatus.Success : refusal, NvmeBench.Run(controller, set).Status);
        Assert.Equal(canSet ? 5ul : 0, Get(controller, NvmeFeature.ErrorRecovery));
    }

    [Theory]
    [InlineData(0x01)]
    [InlineData(0x02)]
    [InlineData(0x04)]
    [InlineData(0x05)]
    public void A_discovery_controller_has_none_of_a_disks_features(byte id)
    {
        using NvmeBench bench = new();
        NvmeController discovery = bench.ConnectReady(nqn: NvmeNames.Discovery);
        Assert.Equal(NvmeStatus.InvalidField.Final, Set(discovery, (NvmeFeature)id, 0).Status);
        Assert.Equal(
            NvmeStatus.InvalidField.Final, NvmeBench.Run(discovery, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, (NvmeFeature)id)).Status);
    }

    [Fact]
    public void Nothing_is_saved_and_everything_can_change()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeCommand save = NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, NvmeFeature.VolatileWriteCache, 1);
        Assert.Equal(NvmeStatus.FeatureNotSaveable.Final, NvmeBench.Run(controller, save with { Cdw10 = save.Cdw10 | (1u << 31) }).Status);
        Assert.Equal(4ul, Get(controller, NvmeFeature.VolatileWriteCache, select: 3));
        Assert.Equal(
            NvmeStatus.InvalidField.Final,
            NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, NvmeFeature.VolatileWriteCache, select: 4)).Status);
    }

    private static NvmeAdminAnswer Set(NvmeController controller, NvmeFeature feature, uint value) =>
        NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.SetFeatures, feature, value));

    private static ulong Get(NvmeController controller, NvmeFeature feature, uint select = 0)
    {
        NvmeAdminAnswer answer = NvmeBench.Run(controller, NvmeBench.Feature(NvmeAdminOpcode.GetFeatures, feature, select: select));
        Assert.Equal(NvmeStatus.Success, answer.Status);
        return answer.Result;
    }
}
