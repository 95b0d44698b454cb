namespace BlockEmu.Cli.Probe;

/// <summary>How often a request was answered while another one was in progress.</summary>
internal sealed class WaitCount
{
    public int Tries { get; private set; }

    public int Answered { get; private set; }

    public void Add(bool isAnswered)
    {
        Tries++;
        Answered += isAnswered ? 1 : 0;
    }
}
