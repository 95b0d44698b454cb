using BlockEmu.Device.Isolation;

namespace BlockEmu.Device.Tests;

/// <summary>Who waits for whom where whole commands exclude each other: from outside it would not show, since a command is one step
/// there.</summary>
public sealed class CommandGateTests
{
    [Theory]
    [InlineData(IsolationMode.Exclusive, false, false, true)]
    [InlineData(IsolationMode.Exclusive, false, true, true)]
    [InlineData(IsolationMode.Exclusive, true, true, true)]
    [InlineData(IsolationMode.Shared, false, false, false)]
    [InlineData(IsolationMode.Shared, false, true, true)]
    [InlineData(IsolationMode.Shared, true, false, true)]
    [InlineData(IsolationMode.Shared, true, true, true)]
    [InlineData(IsolationMode.Range, true, true, false)]
    [InlineData(IsolationMode.Nvme, true, true, false)]
    public void The_second_command_waits_where_the_mode_says_so(IsolationMode mode, bool isFirstWrite, bool isSecondWrite, bool waits)
    {
        CommandGate gate = new();
        gate.Enter(mode, isFirstWrite);
        bool isIn = false;
        Thread second = new(() =>
        {
            gate.Enter(mode, isSecondWrite);
            Volatile.Write(ref isIn, true);
            gate.Exit(mode, isSecondWrite);
        });
        second.Start();
        if (waits)
        {
            SpinWait.SpinUntil(() => Volatile.Read(ref isIn) || second.ThreadState == ThreadState.WaitSleepJoin);
            Assert.False(isIn);
            gate.Exit(mode, isFirstWrite);
            second.Join();
        }
        else
        {
            second.Join();
            gate.Exit(mode, isFirstWrite);
        }

        Assert.True(isIn);
    }
}
