using BlockEmu.Device;
using BlockEmu.Device.Geometry;
using BlockEmu.Protocol.Nvme;
using BlockEmu.Server.Hosting;
using BlockEmu.Server.Nvme;

namespace BlockEmu.Server.Tests.Nvme;

/// <summary>What a host reads of a disk with Identify.</summary>
public sealed class NvmeIdentifyPagesTests
{
    /// <summary>Options; AWUN AWUPF ACWU of the controller; NAWUN NAWUPF NACWU NABSN NABO NABSPF of the namespace.</summary>
    public static TheoryData<int, AtomicityParameters, int[], int[]> Promises => new()
    {
        { 512, new() { AwunBytes = 4096, AwupfBytes = 4096, AcwuBytes = 4096 }, [7, 7, 7], [7, 7, 7, 0, 0, 0] },
        { 512, new() { AwunBytes = 16384, AwupfBytes = 512, AcwuBytes = 512 }, [31, 0, 0], [31, 0, 0, 0, 0, 0] },
        { 4096, new() { AwunBytes = 16384, AwupfBytes = 16384, AcwuBytes = 4096 }, [3, 3, 0], [3, 3, 0, 0, 0, 0] },
        {
            512, new() { AwunBytes = 512, AwupfBytes = 512, AcwuBytes = 512, NawunBytes = 32768, NawupfBytes = 16384, NacwuBytes = 1024 },
            [0, 0, 0], [63, 31, 1, 0, 0, 0]
        },
        {
            512, new() { AwunBytes = 16384, AwupfBytes = 8192, AcwuBytes = 8192, NabsnBytes = 65536, NabspfBytes = 32768, NaboBytes = 2048 },
            [0, 0, 0], [31, 15, 15, 127, 4, 63]
        },
        { 512, new() { AwunBytes = 512, AwupfBytes = 512, AcwuBytes = 512, NabsnBytes = 512, NabspfBytes = 512 }, [0, 0, 0], [0, 0, 0, 0, 0, 0] },
        {
            512, new() { AwunBytes = 32 << 20, AwupfBytes = 32 << 20, AcwuBytes = 32 << 20 },
            [0xFFFF, 0xFFFF, 0xFFFF], [0xFFFF, 0xFFFF, 0xFFFF, 0, 0, 0]
        },
    };

    [Theory]
    [MemberData(nameof(Promises))]
    public void Promises_are_said_as_nvme_says_them(int block, AtomicityParameters atomicity, int[] controllers, int[] namespaces)
    {
        using NvmeBench bench = new(new DiskOptions
        {
            Name = "d",
            SizeBytes = 64 << 20,
            BlockSizeBytes = block,
            Atomicity = atomicity,
            CacheBytes = 128 << 20,
        });
        NvmeController controller = bench.ConnectReady();
        NvmeIdentifyController c = NvmeIdentifyController.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Controller));
        NvmeIdentifyNamespace n = NvmeIdentifyNamespace.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Namespace, 1));
        Assert.Equal(controllers, new int[] { c.Awun, c.Awupf, c.Acwu });
        Assert.Equal(namespaces, new int[] { n.Nawun, n.Nawupf, n.Nacwu, n.Nabsn, n.Nabo, n.Nabspf });
        Assert.True(n.Features.HasFlag(NvmeNamespaceFeatures.OwnAtomicity));
        Assert.False(n.Features.HasFlag(NvmeNamespaceFeatures.MultipleAtomicity));
    }

    [Theory]
    [InlineData(512, 4096, 7)]
    [InlineData(512, 512, 0)]
    [InlineData(512, 1536, 1)]
    [InlineData(512, 16384, 7)]
    [InlineData(4096, 16384, 0)]
    public void The_preferred_size_never_exceeds_the_unit_and_is_a_power_of_two(int block, long unit, int npwg)
    {
        DiskOptions options = new()
        {
            Name = "d",
            SizeBytes = 1 << 20,
            BlockSizeBytes = block,
            Atomicity = new AtomicityParameters { AwunBytes = 16384, AwupfBytes = unit, AcwuBytes = 4096 },
        };
        Assert.Equal(npwg, new NvmeAtomicity(options, default).Npwg);
    }

    [Fact]
    public void What_a_disk_likes_is_told_as_it_was_given()
    {
        using Disk disk = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20 });
        ServedDisk served = new(disk) { NvmePreferences = new NvmePreferences(32 << 20, 65_535 * 512) };
        using NvmeBench bench = new();
        bench.Registry.TryAdd(served);
        NvmeController controller = bench.ConnectReady(nqn: new NvmeIdentity("d").Nqn);
        NvmeIdentifyNamespace n = NvmeIdentifyNamespace.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Namespace, 1));
        Assert.Equal((0xFFFF, 0xFFFF), (n.Npwg, n.Noiob));
        Assert.Empty(served.NvmePreferences.Validate(512));
    }

    [Fact]
    public void What_Linux_insists_on_is_there()
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        NvmeIdentifyController c = NvmeIdentifyController.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Controller));
        Assert.Equal(controller.Id, c.ControllerId);
        Assert.Equal((0x2_0000u, 1, 1u), (c.Version, c.ControllerType, c.NamespaceCount));
        Assert.NotEqual(0, c.KeepAliveGranularity);
        Assert.NotEqual(0, c.MaxCommands);
        Assert.Equal(1u, c.Sgls & 3);
        Assert.NotEqual(0u, c.Sgls & (1 << 20));
        Assert.True(c.CommandCapsuleUnits >= 4);
        Assert.Equal((uint)NvmeLimits.IoInCapsuleBytes, (c.CommandCapsuleUnits * 16) - 64);
        Assert.Equal((1u, 1), (c.ResponseCapsuleUnits, c.MaxSglDescriptors));
        Assert.Equal((byte)7, c.VolatileWriteCache);
        Assert.Equal(0x19F, (int)c.Commands);
        Assert.Equal(1, c.FusedOperations);
        Assert.Equal(NvmeLimits.MaxTransferBytes, 4096 << c.MaxTransferShift);
        Assert.Equal(bench.Nqn, c.SubsystemNqn);
    }

    [Fact]
    public void A_namespace_tells_its_size_its_block_and_who_it_is()
    {
        using NvmeBench bench = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20, BlockSizeBytes = 4096, CacheBytes = 0, IsReadOnly = true });
        NvmeController controller = bench.ConnectReady();
        NvmeIdentifyNamespace n = NvmeIdentifyNamespace.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Namespace, 1));
        NvmeIdentity identity = new("d");
        Assert.Equal((256ul, 12, true, 9), (n.BlockCount, n.BlockShift, n.IsWriteProtected, n.DeallocateFeatures));
        Assert.Equal(identity.Nguid, n.Nguid);
        NvmeNamespaceDescriptors ids = NvmeNamespaceDescriptors.Read(
            NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.NamespaceDescriptors, 1));
        Assert.Equal(new NvmeNamespaceDescriptors(identity.Nguid, identity.Uuid), ids);
        Assert.Equal(
            new NvmeIndependentNamespace(false, HasNoCache: true, IsWriteProtected: true, IsReady: true),
            NvmeIndependentNamespace.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.IndependentNamespace, 1)));
        Assert.Equal(6, NvmeIdentifyController.Read(NvmeBench.ReadIdentify(controller, NvmeIdentifyStructure.Controller)).VolatileWriteCache);
    }

    [Theory]
    [InlineData(NvmeIdentifyStructure.ActiveNamespaces)]
    [InlineData(NvmeIdentifyStructure.ActiveNamespacesOfCommandSet)]
    public void The_list_of_namespaces_begins_behind_the_one_given(NvmeIdentifyStructure structure)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.Equal([1u], NvmeNamespaceList.Read(NvmeBench.ReadIdentify(controller, structure)));
        Assert.Empty(NvmeNamespaceList.Read(NvmeBench.ReadIdentify(controller, structure, 1)));
        Assert.Equal(
            NvmeStatus.InvalidNamespaceOrFormat.Final, NvmeBench.Run(controller, NvmeBench.Identify(structure, 0xFFFF_FFFE)).Status);
    }

    [Theory]
    [InlineData(NvmeIdentifyStructure.CommandSetNamespace, 1)]
    [InlineData(NvmeIdentifyStructure.CommandSetController, 0)]
    public void The_nvm_command_sets_own_structures_are_zeroes(NvmeIdentifyStructure structure, uint nsid)
    {
        using NvmeBench bench = new();
        NvmeController controller = bench.ConnectReady();
        Assert.All(NvmeBench.ReadIdentify(controller, structure, nsid), b => Assert.Equal(0, b));
        Assert.Equal(NvmeStatus.InvalidField.Final, NvmeBench.Run(controller, NvmeBench.Identify(structure, nsid, commandSet: 2)).Status);
    }

    [Theory]
    [InlineData(0x00, 0, 0, 0x0B)]
    [InlineData(0x00, 2, 0, 0x0B)]
    [InlineData(0x00, 0xFFFFFFFF, 0, 0x0B)]
    [InlineData(0x03, 0, 0, 0x0B)]
    [InlineData(0x05, 2, 0, 0x0B)]
    [InlineData(0x08, 2, 0, 0x0B)]
    [InlineData(0x07, 0, 1, 0x02)]
    [InlineData(0x04, 0, 0, 0x02)]
    [InlineData(0x10, 0, 0, 0x02)]
    [InlineData(0xFF, 0, 0, 0x02)]
    public void A_structure_that_there_is_not_is_refused(byte structure, uint nsid, byte commandSet, byte code)
    {
        using NvmeBench bench = new();
        NvmeAdminAnswer answer = NvmeBench.Run(bench.ConnectReady(), NvmeBench.Identify((NvmeIdentifyStructure)structure, nsid, commandSet));
        Assert.Equal(new NvmeStatus(0, code, true), answer.Status);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4092)]
    [InlineData(8192)]
    public void Identify_wants_room_for_4096_bytes(int room)
    {
        using NvmeBench bench = new();
        NvmeCommand command = NvmeBench.Identify(NvmeIdentifyStructure.Controller) with { Data = NvmeSgl.Transport((uint)room) };
        Assert.Equal(NvmeStatus.SglLengthInvalid.Final, NvmeBench.Run(bench.ConnectReady(), command).Status);
    }

    [Theory]
    [InlineData(4096, 0, 0, 0, 8, false)]
    [InlineData(4096, 0, 0, 0, 9, true)]
    [InlineData(4096, 32768, 0, 60, 4, false)]
    [InlineData(4096, 32768, 0, 60, 5, true)]
    [InlineData(4096, 0, 32768, 63, 2, true)]
    [InlineData(4096, 32768, 0, 64, 8, false)]
    public void A_compare_and_write_may_go_as_far_as_is_promised(
        long acwu, long nabsn, long nabspf, ulong lba, int blocks, bool exceeds)
    {
        AtomicityParameters atomicity = new() { AcwuBytes = acwu, NabsnBytes = nabsn, NabspfBytes = nabspf };
        using NvmeBench bench = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20, Atomicity = atomicity });
        Assert.Equal(exceeds, bench.ConnectReady().FindNamespace(1)!.ExceedsCompareAndWrite(lba, blocks));
    }

    [Fact]
    public void A_boundary_counts_from_its_offset()
    {
        AtomicityParameters atomicity = new() { NabsnBytes = 32768, NabspfBytes = 32768, NaboBytes = 2048 };
        using NvmeBench bench = new(new DiskOptions { Name = "d", SizeBytes = 1 << 20, Atomicity = atomicity });
        NvmeNamespace ns = bench.ConnectReady().FindNamespace(1)!;
        Assert.True(ns.ExceedsCompareAndWrite(3, 2));
        Assert.False(ns.ExceedsCompareAndWrite(0, 4));
        Assert.False(ns.ExceedsCompareAndWrite(4, 8));
        Assert.True(ns.ExceedsCompareAndWrite(67, 2));
        Assert.False(ns.ExceedsCompareAndWrite(63, 2));
    }

    [Fact]
    public void Blocks_outside_are_seen_whatever_the_numbers()
    {
        using NvmeBench bench = new();
        NvmeNamespace ns = bench.ConnectReady().FindNamespace(1)!;
        Assert.Null(bench.ConnectReady().FindNamespace(2));
        Assert.True(ns.Contains(0, 2048));
        Assert.True(ns.Contains(2048, 0));
        Assert.False(ns.Contains(1, 2048));
        Assert.False(ns.Contains(ulong.MaxValue, 2));
        Assert.False(ns.Contains(2, ulong.MaxValue));
    }
}
