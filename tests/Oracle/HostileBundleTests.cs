using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using BlockEmu.Oracle.Bundles;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>Bundles that are damaged, cut off or made to hurt: a clear error, and no allocation beyond their size.</summary>
public sealed class HostileBundleTests
{
    private static BundleBytes Honest() => new(BundleCase.Draw(new Dice(42), "random:0.5"));

    private static BundleFormatException Refused(byte[] bytes) =>
        Assert.Throws<BundleFormatException>(() => Bundle.Read(new MemoryStream(bytes)));

    private static BundleFormatException Refused(BundleBytes bytes) => Refused(bytes.ToArray());

    [Fact]
    public void A_bundle_cut_off_at_any_byte_is_refused()
    {
        byte[] whole = Honest().ToArray();
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.NotEmpty(Refused(whole[..length]).Message);
        }
    }

    [Fact]
    public void A_bundle_with_any_byte_changed_is_refused_or_read_and_nothing_else()
    {
        byte[] whole = Honest().ToArray();
        int refused = 0;
        for (int i = 0; i < whole.Length; i++)
        {
            byte[] changed = [.. whole];
            changed[i] ^= (byte)(1 << (i % 8));
            try
            {
                Bundle.Read(new MemoryStream(changed));
            }
            catch (BundleFormatException)
            {
                refused++;
            }
        }

        // What survives are names, dates and flags of the ZIP structure that mean nothing to a bundle.
        Assert.True(refused > whole.Length * 9 / 10, $"{refused} of {whole.Length}");
    }

    [Theory]
    [InlineData("old.extents")]
    [InlineData("payload.extents")]
    [InlineData("new.extents")]
    public void An_extent_entry_cut_off_at_any_byte_is_refused_with_entry_and_offset(string name)
    {
        byte[] whole = Honest().Entries[name];
        for (int length = 0; length < whole.Length; length += length < 64 ? 1 : 37)
        {
            BundleBytes bytes = Honest();
            bytes.Entries[name] = whole[..length];
            BundleFormatException refusal = Refused(bytes);
            Assert.Equal(name, refusal.Entry);
            Assert.StartsWith("offset ", refusal.Place);
        }
    }

    /// <summary>The first record of <c>old.extents</c> begins at 8: offset, length, kind, reserved.</summary>
    [Theory]
    [InlineData(0, 0x41, "does not begin with BEXT")]
    [InlineData(4, 2, "version 2 is not known")]
    [InlineData(8, 0x01, "were expected")]
    [InlineData(16, 0x01, "is not whole blocks")]
    [InlineData(23, 0x80, "is not whole blocks")]
    [InlineData(22, 0x10, "is not whole blocks")]
    [InlineData(24, 0x07, "kind 7 is not known")]
    [InlineData(24, 0x03, "were expected")]
    [InlineData(28, 0x01, "reserved")]
    public void A_record_that_cannot_be_is_refused(int at, byte value, string says)
    {
        BundleBytes bytes = Honest();
        byte[] entry = [.. bytes.Entries["old.extents"]];
        entry[at] = value;
        bytes.Entries["old.extents"] = entry;
        Assert.Contains(says, Refused(bytes).Message);
    }

    [Fact]
    public void A_data_record_longer_than_its_entry_allocates_nothing()
    {
        BundleBytes bytes = Honest();
        bytes.Manifest["disk"]!["sizeBytes"] = 1L << 60;
        JsonNode pending = bytes.Manifest["pending"]!.AsArray()[^1]!;
        pending["offsetBytes"] = 0;
        pending["lengthBytes"] = 1L << 60;
        pending["live"] = new JsonArray(new JsonArray(0L, 1L << 60));
        bytes.Entries["old.extents"] = BundleBytes.Extents(w => BundleBytes.Record(w, 0, 1 << 20, 1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("are left", Refused(bytes).Message);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1 << 20);
    }

    [Fact]
    public void Ranges_that_are_left_out_or_told_twice_are_refused()
    {
        BundleBytes bytes = Honest();
        bytes.Entries["new.extents"] = BundleBytes.Extents(_ => { });
        Assert.Contains("were expected", Refused(bytes).Message);
        bytes = Honest();
        byte[] old = bytes.Entries["old.extents"];
        byte[] more = [.. old[..^24], .. new byte[8], .. BitConverter.GetBytes(512L), .. new byte[8], .. old[^24..]];
        bytes.Entries["old.extents"] = more;
        Assert.Contains("end record was expected", Refused(bytes).Message);
    }

    [Fact]
    public void Bytes_behind_the_end_record_are_refused()
    {
        BundleBytes bytes = Honest();
        bytes.Entries["new.extents"] = [.. bytes.Entries["new.extents"], 0];
        Assert.Contains("bytes follow the end", Refused(bytes).Message);
    }

    [Fact]
    public void A_payload_of_another_command_is_refused()
    {
        BundleBytes bytes = Honest();
        byte[] entry = [.. bytes.Entries["payload.extents"]];
        BinaryPrimitives.WriteInt64LittleEndian(entry.AsSpan(8), 99);
        bytes.Entries["payload.extents"] = entry;
        Assert.Contains("command record of step", Refused(bytes).Message);
    }

    [Fact]
    public void Compressed_entries_are_refused()
    {
        BundleBytes bytes = Honest();
        bytes.Compression = CompressionLevel.Optimal;
        Assert.Contains("not stored", Refused(bytes).Message);
    }

    [Theory]
    [InlineData("manifest.json")]
    [InlineData("old.extents")]
    [InlineData("payload.extents")]
    [InlineData("new.extents")]
    public void A_missing_entry_is_named(string name)
    {
        using MemoryStream stream = new(Honest().ToArray());
        using (ZipArchive zip = new(stream, ZipArchiveMode.Update, leaveOpen: true))
        {
            zip.GetEntry(name)!.Delete();
        }

        BundleFormatException refusal = Refused(stream.ToArray());
        Assert.Equal((name, "is missing"), (refusal.Entry, refusal.Message[(name.Length + 2)..]));
    }

    [Fact]
    public void An_entry_that_appears_twice_is_refused()
    {
        using MemoryStream stream = new();
        using (ZipArchive zip = new(stream, ZipArchiveMode.Create, leaveOpen: true))
        {
            zip.CreateEntry("manifest.json");
            zip.CreateEntry("manifest.json");
        }

        Assert.Contains("appears twice", Refused(stream.ToArray()).Message);
    }

    [Fact]
    public void Entries_that_share_their_bytes_are_refused()
    {
        BundleBytes bytes = Honest();
        bytes.Entries["old.extents"] = new byte[100_000];
        byte[] zip = bytes.ToArray();
        Span<byte> old = DirectoryRecord(zip, "old.extents");
        Span<byte> @new = DirectoryRecord(zip, "new.extents");
        old[16..28].CopyTo(@new[16..]); // checksum and both sizes
        old[42..46].CopyTo(@new[42..]); // where the entry begins
        Assert.Contains("longer than the file", Refused(zip).Message);
    }

    /// <summary>ZIP's central directory record: the signature PK 1 2, 46 bytes, then the name.</summary>
    private static Span<byte> DirectoryRecord(byte[] zip, string name)
    {
        int at = zip.AsSpan().LastIndexOf(Encoding.ASCII.GetBytes(name)) - 46;
        Assert.Equal("PK\u0001\u0002"u8, zip.AsSpan(at, 4));
        return zip.AsSpan(at, 46);
    }

    [Theory]
    [InlineData("not json", "is not JSON")]
    [InlineData("[]", "is not an object")]
    [InlineData("{}", "format is missing")]
    [InlineData("{\"format\":\"x\"}", "is not blockemu-bundle")]
    [InlineData("{\"format\":\"blockemu-bundle\",\"version\":3}", "version 3 is not known")]
    [InlineData("{\"format\":\"blockemu-bundle\",\"version\":0}", "version 0 is not known")]
    [InlineData("{\"format\":\"blockemu-bundle\",\"format\":\"blockemu-bundle\"}", "is not JSON")]
    [InlineData("{\"format\":\"\\ud800\"}", "Unicode")]
    public void A_manifest_that_is_none_is_refused(string json, string says)
    {
        BundleBytes bytes = Honest();
        bytes.Entries["manifest.json"] = Encoding.UTF8.GetBytes(json);
        BundleFormatException refusal = Refused(bytes);
        Assert.Equal("manifest.json", refusal.Entry);
        Assert.Contains(says, refusal.Message);
    }

    [Theory]
    [InlineData("version", "\"1\"", "version")]
    [InlineData("disk.blockSizeBytes", "1024", "atomicity")]
    [InlineData("disk.sizeBytes", "0", "disk.sizeBytes")]
    [InlineData("disk.sizeBytes", "700", "disk.sizeBytes")]
    [InlineData("disk.sizeBytes", "512", "pending[0]")]
    [InlineData("disk.sizeBytes", "1e3", "disk.sizeBytes")]
    [InlineData("disk.sizeBytes", "99999999999999999999", "disk.sizeBytes")]
    [InlineData("atomicity.awupfBytes", "100", "atomicity")]
    [InlineData("atomicity.acwuBytes", "100", "atomicity.acwuBytes")]
    [InlineData("atomicity.mam", "0", "atomicity.mam")]
    [InlineData("report.seed", "12", "report.seed")]
    [InlineData("report.seed", "\"-1\"", "report.seed")]
    [InlineData("report.seed", "\"18446744073709551616\"", "report.seed")]
    [InlineData("report.loss", "\"random:1.5\"", "report.loss")]
    [InlineData("report.loss", "\"random:NaN\"", "report.loss")]
    [InlineData("report.loss", "\"explicit:1.3-2\"", "report.loss")]
    [InlineData("report.loss", "\"newest\"", "report.loss")]
    [InlineData("report.newestRequiredSequence", "101", "report.newestRequiredSequence")]
    [InlineData("report.marks", "[{}]", "report.marks[0]")]
    [InlineData("pending", "{}", "pending")]
    [InlineData("pending.0.sequence", "-1", "pending[0].sequence")]
    [InlineData("pending.1.sequence", "1", "pending[1]")]
    [InlineData("pending.1.sequence", "101", "pending[1].sequence")]
    [InlineData("pending.0.kind", "\"read\"", "pending[0].kind")]
    [InlineData("pending.0.offsetBytes", "-512", "pending[0].offsetBytes")]
    [InlineData("pending.0.offsetBytes", "9223372036854775296", "pending[0]")]
    [InlineData("pending.0.lengthBytes", "9223372036854775296", "pending[0]")]
    [InlineData("pending.0.lengthBytes", "0", "pending[0].lengthBytes")]
    [InlineData("pending.0.live", "[[0]]", "pending[0].live[0]")]
    [InlineData("pending.0.live", "[[0,512,0]]", "pending[0].live[0]")]
    [InlineData("pending.0.live", "[[1048576,512]]", "pending[0].live[0]")]
    [InlineData("pending.0.kept", "[[1,512]]", "pending[0].kept[0]")]
    [InlineData("pending.0.outcome", "\"eaten\"", "pending[0].outcome")]
    [InlineData("pending.0.rangesOmitted", "-1", "pending[0].rangesOmitted")]
    [InlineData("pending.0.isFua", "null", "pending[0].isFua")]
    [InlineData("pending.0.mustSurvive", "1", "pending[0].mustSurvive")]
    public void A_member_that_does_not_hold_is_named(string member, string value, string place)
    {
        BundleBytes bytes = Honest();
        string[] path = member.Split('.');
        JsonNode node = bytes.Manifest;
        foreach (string name in path[..^1])
        {
            node = node is JsonArray list ? list[int.Parse(name)]! : node[name]!;
        }

        node[path[^1]] = JsonNode.Parse(value);
        BundleFormatException refusal = Refused(bytes);
        Assert.Equal(("manifest.json", place), (refusal.Entry, refusal.Place));
    }

    [Fact]
    public void Ranges_out_of_order_are_refused()
    {
        BundleBytes bytes = Honest();
        JsonNode pending = bytes.Manifest["pending"]!.AsArray().First(p => p!["lengthBytes"]!.GetValue<int>() > 1024)!;
        int offset = pending["offsetBytes"]!.GetValue<int>();
        pending["live"] = new JsonArray(new JsonArray(offset + 512, 512), new JsonArray(offset, 512));
        Assert.Contains("ascending and disjoint", Refused(bytes).Message);
    }

    [Fact]
    public void Unknown_members_are_ignored()
    {
        BundleBytes bytes = Honest();
        bytes.Manifest["later"] = 1;
        bytes.Manifest["pending"]![0]!["later"] = new JsonArray(1, 2);
        Assert.True(BundleJudge.Judge(BundleTests.Read(bytes)).IsGood);
    }

    [Fact]
    public void A_stream_that_cannot_seek_is_refused() =>
        Assert.Throws<ArgumentException>(() => Bundle.Read(new ForwardOnlyStream(new MemoryStream())));
}
