using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using BlockEmu.Server.Metrics;

namespace BlockEmu.Server.Admin.Connections;

/// <summary>Who may be connected to the HTTP interface: idle connections, however many, keep nobody out.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>There is a bound for all, and one for each address; over a Unix socket only the first.</description></item>
/// <item><description>Where it is reached, the oldest connection on which nothing is being answered makes room: first those that have
/// never asked for anything, then the others. One whose request is being answered is never dropped.</description></item>
/// <item><description>What is refused is counted, and logged once a second at most.</description></item>
/// </list>
/// </remarks>
internal sealed class AdminConnections(ProtocolErrors protocolErrors, TimeProvider time, ILogger logger)
{
    /// <summary>The label <c>front_end</c> of the metrics.</summary>
    public const string Label = "http";

    /// <summary>Kinds of errors that are counted.</summary>
    public const string TooManyConnections = "too_many_connections";

    /// <inheritdoc cref="TooManyConnections"/>
    public const string IdleCrowdedOut = "idle_crowded_out";

    /// <summary>Connections at one time.</summary>
    public const int MaxConnections = 1024;

    /// <summary>Of these, those from one address.</summary>
    public const int MaxOfAddress = 512;

    private static readonly TimeSpan LogPause = TimeSpan.FromSeconds(1);
    private static readonly object Key = new();

    // Protects the list, its members, and what was not logged.
    private readonly Lock _gate = new();
    private readonly LinkedList<AdminConnection> _all = []; // oldest first
    private long? _loggedAt;
    private int _unlogged;

    /// <summary>Connections now.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _all.Count;
            }
        }
    }

    /// <summary>Serves a connection, if there is a place for it.</summary>
    public async Task ServeAsync(ConnectionContext context, ConnectionDelegate next)
    {
        AdminConnection connection = new(context);
        if (!TryAdmit(connection, out AdminConnection? idle))
        {
            protocolErrors.Count(Label, TooManyConnections);
            LogRefusal();
            connection.Drop("too many connections");
            return;
        }

        if (idle is not null)
        {
            protocolErrors.Count(Label, IdleCrowdedOut);
            idle.Drop("idle, and others need its place");
        }

        context.Items[Key] = connection;
        try
        {
            await next(context);
        }
        finally
        {
            lock (_gate)
            {
                _all.Remove(connection);
            }
        }
    }

    /// <summary>Has a request answered: its connection keeps its place meanwhile.</summary>
    public async Task AnswerAsync(HttpContext context, RequestDelegate next)
    {
        AdminConnection? connection =
            context.Features.Get<IConnectionItemsFeature>()?.Items.TryGetValue(Key, out object? found) == true ? (AdminConnection?)found : null;
        Note(connection, 1);
        try
        {
            await next(context);
        }
        finally
        {
            Note(connection, -1);
        }
    }

    private bool TryAdmit(AdminConnection connection, out AdminConnection? idle)
    {
        idle = null;
        lock (_gate)
        {
            bool isCrowd = connection.Address is { } address && _all.Count(c => address.Equals(c.Address)) >= MaxOfAddress;
            if (isCrowd || _all.Count >= MaxConnections)
            {
                idle = _all.Where(c => c.Requests == 0 && (!isCrowd || connection.Address!.Equals(c.Address)))
                    .OrderBy(c => c.HasAsked).FirstOrDefault();
                if (idle is null)
                {
                    return false;
                }

                _all.Remove(idle);
            }

            _all.AddLast(connection);
            return true;
        }
    }

    private void Note(AdminConnection? connection, int requests)
    {
        if (connection is not null)
        {
            lock (_gate)
            {
                connection.Requests += requests;
                connection.HasAsked = true;
            }
        }
    }

    private void LogRefusal()
    {
        int refused;
        lock (_gate)
        {
            _unlogged++;
            if (_loggedAt is { } at && time.GetElapsedTime(at) < LogPause)
            {
                return;
            }

            (refused, _unlogged, _loggedAt) = (_unlogged, 0, time.GetTimestamp());
        }

        AdminLog.ConnectionsRefused(logger, refused, MaxConnections);
    }
}
