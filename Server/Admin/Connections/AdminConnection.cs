using System.Net;
using Microsoft.AspNetCore.Connections;

namespace BlockEmu.Server.Admin.Connections;

/// <summary>One connection of HTTP. All of it under the lock of <see cref="AdminConnections"/>.</summary>
internal sealed class AdminConnection(ConnectionContext context)
{
    public IPAddress? Address { get; } = (context.RemoteEndPoint as IPEndPoint)?.Address;

    /// <summary>Requests that are being answered.</summary>
    public int Requests { get; set; }

    /// <summary>Whether a request has ever come whole.</summary>
    public bool HasAsked { get; set; }

    /// <summary>Drops it at once. Not under the lock.</summary>
    public void Drop(string why) => context.Abort(new ConnectionAbortedException(why));
}
