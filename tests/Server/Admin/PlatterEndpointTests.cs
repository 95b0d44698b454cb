using System.Buffers.Binary;
using System.Net.Http.Headers;
using BlockEmu.Server.Tests.Support;

namespace BlockEmu.Server.Tests.Admin;

public sealed class PlatterEndpointTests : IAsyncLifetime
{
    private const string Platter = "/api/v1/disks/disk0/platter";
    private const int Size = 3 << 20;
    private TestServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync("--disk", "size=3M");

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_platter_is_to_be_had_while_off_only()
    {
        Assert.Equal("on", (await _server.GetAsync(Platter)).IsProblem(409).GetProperty("state").GetString());
        (await PutAsync(new byte[Size])).IsProblem(409);
        await OffAsync();
        Answer answer = await _server.GetAsync(Platter);
        Assert.Equal((200, "application/octet-stream"), (answer.Status, answer.ContentType));
        Assert.Equal(Expected(), answer.Bytes);
    }

    [Theory]
    [InlineData("bytes=0-0")]
    [InlineData("bytes=4000-5000")]
    [InlineData("bytes=-1000")]
    [InlineData("bytes=1048000-")]
    [InlineData("bytes=0-99999999999")]
    public async Task A_range_is_a_part(string range)
    {
        await OffAsync();
        Answer answer = await _server.SendAsync(HttpMethod.Get, Platter, prepare: r => r.Headers.Range = RangeHeaderValue.Parse(range));
        Assert.Equal(206, answer.Status);
        ContentRangeHeaderValue part = answer.Response.Content.Headers.ContentRange!;
        Assert.Equal(Size, part.Length);
        Assert.Equal(Expected()[(int)part.From!..((int)part.To! + 1)], answer.Bytes);
    }

    [Fact]
    public async Task A_range_beyond_the_end_cannot_be_satisfied()
    {
        await OffAsync();
        (await _server.SendAsync(HttpMethod.Get, Platter, prepare: r => r.Headers.Range = new RangeHeaderValue(Size, null))).IsProblem(416, "Range");
    }

    [Fact]
    public async Task The_sparse_form_holds_the_populated_extents_alone()
    {
        await OffAsync();
        Answer answer = await _server.SendAsync(HttpMethod.Get, Platter, prepare: r => r.Headers.Add("Accept", "application/vnd.blockemu.extents"));
        Assert.Equal("application/vnd.blockemu.extents", answer.ContentType);
        Assert.InRange(answer.Bytes.Length, 1, 64 << 10);
        Assert.Equal(Expected(), Expand(answer.Bytes));
    }

    [Fact]
    public async Task A_terabyte_of_nothing_is_a_few_bytes_in_sparse_form()
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1T");
        await server.PostAsync("/api/v1/disks/disk0/power/shutdown");
        Answer answer = await server.SendAsync(HttpMethod.Get, Platter, prepare: r => r.Headers.Add("Accept", "application/vnd.blockemu.extents"));
        Assert.Equal(8 + 24 + 24, answer.Bytes.Length);
    }

    [Fact]
    public async Task A_platter_can_be_replaced()
    {
        await OffAsync();
        byte[] other = new byte[Size];
        other[Size - 1] = 9;
        (await PutAsync(other)).IsOk(204);
        Assert.Equal(other, (await _server.GetAsync(Platter)).Bytes);
        (await _server.PostAsync("/api/v1/disks/disk0/power/on")).IsOk();
        Assert.Equal(9, _server.Read(Size - 1, 1)[0]);
        Assert.InRange(_server.Disk().GetStatistics().PersistentBytes, 1, 1 << 16);
    }

    [Fact]
    public async Task A_part_goes_to_its_offset()
    {
        await OffAsync();
        byte[] part = new byte[1024];
        part.AsSpan().Fill(8);
        (await PutAsync(part, "?offset=8192")).IsOk(204);
        byte[] expected = Expected();
        part.CopyTo(expected, 8192);
        Assert.Equal(expected, (await _server.GetAsync(Platter)).Bytes);
    }

    [Theory]
    [InlineData(Size - 512, "", "Content-Length")]
    [InlineData(Size + 512, "", "Content-Length")]
    [InlineData(0, "", "Content-Length")]
    [InlineData(513, "?offset=0", "Content-Length")]
    [InlineData(1024, "?offset=3145216", "Content-Length")]
    [InlineData(512, "?offset=100", "offset")]
    [InlineData(512, "?offset=-512", "offset")]
    [InlineData(512, "?offset=3145728", "offset")]
    [InlineData(512, "?offset=x", "offset")]
    public async Task A_wrong_length_or_offset_changes_nothing(int length, string query, string field)
    {
        await OffAsync();
        (await PutAsync(new byte[length], query)).IsProblem(400, field);
        Assert.Equal(Expected(), (await _server.GetAsync(Platter)).Bytes);
    }

    [Fact]
    public async Task A_platter_is_not_json()
    {
        await OffAsync();
        (await _server.SendAsync(HttpMethod.Put, Platter, "{}")).IsProblem(415, "Content-Type");
    }

    private async Task OffAsync()
    {
        _server.Fill(4096, 1000, 5);
        _server.Fill((2 << 20) + 100, 10, 6);
        (await _server.PostAsync("/api/v1/disks/disk0/power/shutdown")).IsOk();
    }

    private static byte[] Expected()
    {
        byte[] bytes = new byte[Size];
        bytes.AsSpan(4096, 1000).Fill(5);
        bytes.AsSpan((2 << 20) + 100, 10).Fill(6);
        return bytes;
    }

    private async Task<Answer> PutAsync(byte[] bytes, string query = "") => await _server.SendAsync(HttpMethod.Put, Platter + query, prepare: r =>
    {
        r.Content = new ByteArrayContent(bytes);
        r.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
    });

    private static byte[] Expand(ReadOnlySpan<byte> form)
    {
        byte[] disk = new byte[Size];
        Assert.True(form[..4].SequenceEqual("BEXT"u8));
        form = form[8..];
        long position = 0;
        while (true)
        {
            long offset = BinaryPrimitives.ReadInt64LittleEndian(form);
            int length = (int)BinaryPrimitives.ReadInt64LittleEndian(form[8..]);
            uint kind = BinaryPrimitives.ReadUInt32LittleEndian(form[16..]);
            form = form[24..];
            if (kind == 3)
            {
                Assert.Equal(Size, position);
                Assert.True(form.IsEmpty);
                return disk;
            }

            Assert.Equal(position, offset);
            position += length;
            if (kind == 1)
            {
                form[..length].CopyTo(disk.AsSpan((int)offset));
                form = form[length..];
            }
        }
    }
}
