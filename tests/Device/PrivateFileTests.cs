using System.Diagnostics;
using System.Runtime.Versioning;
using BlockEmu.Device.Geometry;
using BlockEmu.Device.Media;
using BlockEmu.Device.Power;
using BlockEmu.Device.Tests.Simulation;
using Microsoft.Win32.SafeHandles;

namespace BlockEmu.Device.Tests;

/// <summary>Files beside an image that hold its bytes are no more open to others than it is.</summary>
[SupportedOSPlatform("linux")]
public sealed class PrivateFileTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly TempImage _image = new();

    public void Dispose() => _image.Dispose();

    private DiskOptions Options => new()
    {
        Name = "p",
        SizeBytes = 64 << 10,
        FilePath = _image.Path,
        CacheBytes = 1 << 20,
        Atomicity = new AtomicityParameters { AwunBytes = 16_384, AwupfBytes = 16_384, AcwuBytes = 4096 },
    };

    private string RedoPath => _image.Path + RedoFile.Suffix;

    [Theory]
    [InlineData(OwnerOnly)]
    [InlineData(OwnerOnly | UnixFileMode.GroupRead)]
    [InlineData(OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead)]
    public void A_redo_file_and_an_undo_file_have_the_images_mode(UnixFileMode mode)
    {
        File.WriteAllBytes(_image.Path, new byte[64 << 10]);
        File.SetUnixFileMode(_image.Path, mode);
        using Disk disk = new(Options);
        disk.Write(1, 0, new byte[] { 1 }, fua: true);
        disk.Write(1, 512, new byte[8192], fua: false);
        disk.Cut(loss: LossModel.KeepAll);
        Assert.Equal(mode, File.GetUnixFileMode(RedoPath));
        string[] undo = [.. Directory.GetFiles("/proc/self/fd").Where(IsUndo)];
        Assert.Equal(mode, File.GetUnixFileMode(Assert.Single(undo)));
    }

    /// <summary>Descriptors of other tests come and go meanwhile.</summary>
    private bool IsUndo(string descriptor)
    {
        try
        {
            return File.ResolveLinkTarget(descriptor, returnFinalTarget: false)?.FullName
                .StartsWith(_image.DirectoryPath + "/.blockemu-undo", StringComparison.Ordinal) == true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    [Fact]
    public void They_have_its_owner_and_group_too_where_we_may_give_that()
    {
        Assert.SkipUnless(Environment.UserName == "root", "giving files away needs root");
        File.WriteAllBytes(_image.Path, new byte[64 << 10]);
        using (Process chown = Process.Start("chown", ["12345:23456", _image.Path]))
        {
            chown.WaitForExit();
        }

        using Disk disk = new(Options);
        disk.Write(1, 512, new byte[8192], fua: true);
        FileFacts redo = LibC.TryStat(RedoPath)!.Value;
        Assert.Equal((12345u, 23456u), (redo.Owner, redo.Group));
    }

    [Fact]
    public void An_access_list_of_the_folder_opens_them_to_nobody()
    {
        byte[] list = new byte[44]; // version 2; user::rw-, user:12345:rw-, group::---, mask::rw-, other::---
        list[0] = 2;
        (short Tag, short Permissions, int Id)[] entries = [(1, 6, -1), (2, 6, 12345), (4, 0, -1), (0x10, 6, -1), (0x20, 0, -1)];
        for (int i = 0; i < entries.Length; i++)
        {
            BitConverter.TryWriteBytes(list.AsSpan(4 + (i * 8)), entries[i].Tag);
            BitConverter.TryWriteBytes(list.AsSpan(6 + (i * 8)), entries[i].Permissions);
            BitConverter.TryWriteBytes(list.AsSpan(8 + (i * 8)), entries[i].Id);
        }

        File.WriteAllBytes(_image.Path, new byte[64 << 10]);
        File.SetUnixFileMode(_image.Path, OwnerOnly | UnixFileMode.GroupRead);
        using (SafeFileHandle folder = LibCFolder.Open(_image.DirectoryPath))
        {
            Assert.SkipUnless(AttributeCalls.Set(folder, "system.posix_acl_default", list, list.Length, 0) == 0, "no access lists here");
        }

        using Disk disk = new(Options);
        disk.Write(1, 512, new byte[8192], fua: true);
        using SafeFileHandle redo = File.OpenHandle(RedoPath, share: FileShare.ReadWrite);
        Assert.True(AttributeCalls.Get(redo, "system.posix_acl_access", new byte[256], 256) <= 0, "it has the folder's list");
        Assert.Equal(OwnerOnly | UnixFileMode.GroupRead, File.GetUnixFileMode(RedoPath));
    }
}
