namespace BlockEmu.Server.Nvme;

/// <summary>The hosts that are still to hear of a power loss: each is refused once for every controller it had (ADR 0006). Safe for
/// threads.</summary>
/// <remarks>A host that reconnects by itself sends the very same Connect as one whose operator connects anew. What tells them apart is
/// the first refusal with DNR: it ends the host's own attempts.</remarks>
internal sealed class NvmeRefusals
{
    /// <summary>So many are remembered; hosts that never come back make room, oldest first.</summary>
    public const int MaxOwed = 4 * NvmeLimits.MaxControllers;

    private readonly Lock _gate = new(); // protects the list
    private readonly List<NvmeHost> _owed = [];

    /// <summary>A host has lost a controller to the power.</summary>
    public void Owe(NvmeHost host)
    {
        lock (_gate)
        {
            if (_owed.Count == MaxOwed)
            {
                _owed.RemoveAt(0);
            }

            _owed.Add(host);
        }
    }

    /// <summary>Whether a host is owed a refusal; if so this is it.</summary>
    public bool TryTake(NvmeHost host)
    {
        lock (_gate)
        {
            return _owed.Remove(host);
        }
    }
}
