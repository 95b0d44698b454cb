namespace BlockEmu.Server.Transport;

/// <summary>One thread of <see cref="ConnectionThreads"/>.</summary>
internal sealed class ConnectionThread(ConnectionThreads owner, IParkable first) : IDisposable
{
    private readonly AutoResetEvent _given = new(initialState: false);
    private IParkable? _next;

    public void Start() => new Thread(Run, ConnectionThreads.StackBytes) { IsBackground = true, Name = "client" }.Start();

    /// <summary>Null = it is to end.</summary>
    public void Give(IParkable? work)
    {
        _next = work;
        _given.Set();
    }

    public bool TryTake(TimeSpan patience, out IParkable? work)
    {
        bool isGiven = _given.WaitOne(patience);
        work = isGiven ? _next : null;
        _next = null;
        return isGiven;
    }

    public void Dispose() => _given.Dispose();

    private void Run()
    {
        for (IParkable? work = first; work is not null; work = owner.WaitForMore(this))
        {
            work.Work();
        }

        Dispose();
    }
}
