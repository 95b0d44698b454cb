using System.Net;
using System.Net.Sockets;
using BlockEmu.Server.Admin.Connections;
using BlockEmu.Server.Metrics;
using BlockEmu.Server.Tests.Nbd;
using BlockEmu.Server.Tests.Support;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace BlockEmu.Server.Tests.Admin;

/// <summary>Idle connections of HTTP keep nobody out, before any token was asked for.</summary>
public sealed class AdminConnectionTests
{
    [Theory]
    [InlineData("")]
    [InlineData("GET /heal")]
    public async Task More_idle_connections_than_there_are_places_keep_nobody_out(string begun)
    {
        await using TestServer server = await TestServer.StartAsync("--disk", "size=1M");
        Task<Answer> cycle = server.PostAsync("/api/v1/disks/disk0/power/cycle", """{"offMs":600000}""");
        SpinWait.SpinUntil(() => server.Disk().PowerState == Device.Power.PowerState.Off);
        List<Socket> idle = [];
        try
        {
            for (int i = 0; i < AdminConnections.MaxConnections + 100; i++)
            {
                Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                idle.Add(socket);
                await socket.ConnectAsync(server.Host.AdminEndpoint!.EndPoint, TestContext.Current.CancellationToken);
                socket.Send(System.Text.Encoding.ASCII.GetBytes(begun));
            }

            using HttpClient @operator = new() { BaseAddress = server.Http.BaseAddress };
            CancellationToken end = TestContext.Current.CancellationToken;
            using HttpResponseMessage answer = await @operator.GetAsync(new Uri("/api/v1/disks", UriKind.Relative), end);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains(server.Host.ProtocolErrors.Read(), e => e.Label == ("http", "idle_crowded_out") && e.Count > 500);
            Assert.DoesNotContain(server.Host.ProtocolErrors.Read(), e => e.Label == ("http", "too_many_connections"));

            // What is being answered is not idle, however old.
            Assert.False(cycle.IsCompleted);
            using HttpResponseMessage removed = await @operator.DeleteAsync(new Uri("/api/v1/disks/disk0", UriKind.Relative), end);
            Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
            (await cycle).IsProblem(409);
        }
        finally
        {
            idle.ForEach(s => s.Dispose());
        }
    }

    [Fact]
    public void Those_that_never_asked_go_before_those_that_did_and_busy_ones_stay()
    {
        using Crowd crowd = new();
        for (int i = 0; i < AdminConnections.MaxOfAddress; i++)
        {
            crowd.Connect(1);
        }

        crowd.Answer(0, isDone: false);
        crowd.Answer(1, isDone: true);
        crowd.Connect(1);
        Assert.Equal([2], crowd.Dropped);
        for (int i = 3; i < AdminConnections.MaxOfAddress; i++)
        {
            crowd.Answer(i, isDone: false);
        }

        crowd.Answer(AdminConnections.MaxOfAddress, isDone: false);
        crowd.Connect(1);
        Assert.Equal([1, 2], crowd.Dropped);
        Assert.Equal([(("http", "idle_crowded_out"), 2L)], crowd.Errors.Read());
    }

    [Fact]
    public void What_is_refused_is_counted_and_logged_once_a_second()
    {
        using Crowd crowd = new();
        for (int i = 0; i < AdminConnections.MaxOfAddress; i++)
        {
            crowd.Connect(1);
            crowd.Answer(i, isDone: false);
        }

        for (int i = 0; i < 1000; i++)
        {
            crowd.Connect(1);
        }

        Assert.Equal([(("http", "too_many_connections"), 1000L)], crowd.Errors.Read());
        Assert.Single(crowd.Log.Warnings);
        crowd.Time.Advance(TimeSpan.FromSeconds(1));
        crowd.Connect(1);
        Assert.StartsWith("1000 connections to HTTP were refused", crowd.Log.Warnings.Last(), StringComparison.Ordinal);
        Assert.Equal(2, crowd.Log.Warnings.Count());
        Assert.Equal(AdminConnections.MaxOfAddress, crowd.Connections.Count);

        // Another address has its places.
        crowd.Connect(2);
        Assert.Equal(AdminConnections.MaxOfAddress + 1, crowd.Connections.Count);
    }

    [Fact]
    public void All_places_are_given_back()
    {
        Crowd crowd = new();
        for (int i = 0; i < 3 * AdminConnections.MaxConnections; i++)
        {
            crowd.Connect(i);
        }

        Assert.Equal(AdminConnections.MaxConnections, crowd.Connections.Count);
        crowd.Dispose();
        Assert.Equal(0, crowd.Connections.Count);
    }

    /// <summary>Connections that only the table knows of.</summary>
    private sealed class Crowd : IDisposable
    {
        private readonly List<(DefaultConnectionContext Context, TaskCompletionSource End)> _all = [];

        public Crowd() => Connections = new AdminConnections(Errors, Time, Log);

        public RecordedLog Log { get; } = new();

        public FiredByHandTime Time { get; } = new(isStopped: true);

        public ProtocolErrors Errors { get; } = new();

        public AdminConnections Connections { get; }

        public List<int> Dropped { get; } = [];

        public void Connect(int address)
        {
            int index = _all.Count;
            TaskCompletionSource end = new();
            Watched context = new(() => Dropped.Add(index), end)
            {
                RemoteEndPoint = new IPEndPoint(new IPAddress([10, 0, (byte)(address >> 8), (byte)address]), 1),
            };
            _all.Add((context, end));
            _ = Connections.ServeAsync(context, _ => end.Task);
            Dropped.Sort();
        }

        public void Answer(int index, bool isDone)
        {
            DefaultHttpContext http = new();
            http.Features.Set<IConnectionItemsFeature>(_all[index].Context);
            _ = Connections.AnswerAsync(http, _ => isDone ? Task.CompletedTask : _all[index].End.Task);
        }

        public void Dispose()
        {
            _all.ForEach(c => c.End.TrySetResult());
            Log.Dispose();
        }
    }

    private sealed class Watched(Action onAbort, TaskCompletionSource end) : DefaultConnectionContext
    {
        public override void Abort(ConnectionAbortedException abortReason)
        {
            onAbort();
            end.TrySetResult();
        }
    }
}
