using BlockEmu.Server.Hosting;

namespace BlockEmu.Server.Transport;

/// <summary>What a front end logs of its disks' power.</summary>
internal interface IPowerLog
{
    /// <summary>The power of a disk is off, and its connections know it.</summary>
    void Silenced(string disk, int count, OffBehaviour behaviour, int torn);

    /// <summary>The power of a disk is on, and connections from before were reset.</summary>
    void ResetAtPowerOn(string disk, int count);
}
