namespace BlockEmu.Server.Nvme;

/// <summary>The hosts that are still to hear of a power loss: each is refused once, for every controller it had (ADR 0006).
/// Safe for threads. As many entries as there were controllers.</summary>
/// <remarks>A host that reconnects by itself sends the very same Connect as one whose operator connects anew. What tells them apart is
/// the first refusal with DNR: it ends the host's own attempts.</remarks>
internal sealed class NvmeRefusals
{
    private readonly Lock _gate = new(); // protects the counts
    private readonly Dictionary<NvmeHost, int> _owed = [];

    /// <summary>A host has lost a controller to the power.</summary>
    public void Owe(NvmeHost host)
    {
        lock (_gate)
        {
            _owed[host] = _owed.GetValueOrDefault(host) + 1;
        }
    }

    /// <summary>Whether a host is owed a refusal; if so this is it.</summary>
    public bool TryTake(NvmeHost host)
    {
        lock (_gate)
        {
            if (!_owed.TryGetValue(host, out int count))
            {
                return false;
            }

            if (count == 1)
            {
                _owed.Remove(host);
            }
            else
            {
                _owed[host] = count - 1;
            }

            return true;
        }
    }

    /// <summary>Nobody is owed anything any more.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _owed.Clear();
        }
    }
}
