using System.Collections.Concurrent;
using System.Diagnostics;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>One front end's connections of one disk, and what its power does to them (SEMANTICS 5).</summary>
internal sealed class DiskConnections : IDisposable
{
    private readonly ConcurrentDictionary<IDiskClient, bool> _members = new();
    private readonly TimeSpan _silenceGrace;
    private readonly IPowerLog _log;

    public DiskConnections(ServedDisk served, TimeSpan silenceGrace, IPowerLog log)
    {
        Served = served;
        _silenceGrace = silenceGrace;
        _log = log;
        served.Disk.PowerChanged += OnPowerChanged;
    }

    public ServedDisk Served { get; }

    /// <summary>Connections that serve requests of the disk.</summary>
    public int CountTransmitting() => _members.Keys.Count(c => c.IsTransmitting);

    public void Join(IDiskClient connection) => _members.TryAdd(connection, true);

    public void Leave(IDiskClient connection) => _members.TryRemove(connection, out _);

    /// <summary>With the power off: returns when no connection of the disk can send a success any more. Takes at most
    /// the grace, whatever the clients do; repeating it costs next to nothing.</summary>
    public void Silence()
    {
        OffBehaviour behaviour = Served.OffBehaviour;
        long startedAt = Stopwatch.GetTimestamp();
        int torn = 0;
        IDiskClient[] members = [.. _members.Keys];
        Array.ForEach(members, c => c.LosePower());
        foreach (IDiskClient connection in members)
        {
            if (behaviour is OffBehaviour.Reset or OffBehaviour.Reconnect)
            {
                connection.Reset();
                continue;
            }

            TimeSpan left = _silenceGrace - Stopwatch.GetElapsedTime(startedAt);
            torn += connection.Silence(left > TimeSpan.Zero ? left : TimeSpan.Zero) ? 0 : 1;
        }

        if (members.Length > 0)
        {
            _log.Silenced(Served.Disk.Name, members.Length, behaviour, torn);
        }
    }

    public void Dispose() => Served.Disk.PowerChanged -= OnPowerChanged;

    private void OnPowerChanged(Disk disk, PowerState state)
    {
        switch (state)
        {
            case PowerState.Off:
                Silence();
                break;
            case PowerState.On:
                ResetThoseFromBefore();
                break;
        }
    }

    private void ResetThoseFromBefore()
    {
        int count = 0;
        long epoch = Served.Disk.PowerEpoch;
        foreach (IDiskClient connection in _members.Keys.Where(c => c.IsFromBefore(epoch)))
        {
            count++;
            connection.Reset();
        }

        if (count > 0)
        {
            _log.ResetAtPowerOn(Served.Disk.Name, count);
        }
    }
}
