namespace BlockEmu.Device.Power;

/// <summary>Where commands wait while the disk is neither on nor off.</summary>
internal sealed class PowerGate : IDisposable
{
    private readonly ManualResetEventSlim _settled = new(initialState: true);

    public void WaitUntilSettled() => _settled.Wait();

    public void Unsettle() => _settled.Reset();

    public void Settle() => _settled.Set();

    public void Dispose() => _settled.Dispose();
}
