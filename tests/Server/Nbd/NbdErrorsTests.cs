using BlockEmu.Device;
using BlockEmu.Protocol.Nbd;
using BlockEmu.Server.Nbd;

namespace BlockEmu.Server.Tests.Nbd;

public sealed class NbdErrorsTests
{
    [Theory]
    [InlineData(DiskStatus.Ok, NbdCommand.Write, NbdError.None)]
    [InlineData(DiskStatus.PowerLost, NbdCommand.Flush, NbdError.Shutdown)]
    [InlineData(DiskStatus.ReadOnly, NbdCommand.Trim, NbdError.NotPermitted)]
    [InlineData(DiskStatus.OutOfRange, NbdCommand.Write, NbdError.NoSpace)]
    [InlineData(DiskStatus.OutOfRange, NbdCommand.WriteZeroes, NbdError.NoSpace)]
    [InlineData(DiskStatus.OutOfRange, NbdCommand.Read, NbdError.InvalidArgument)]
    [InlineData(DiskStatus.OutOfRange, NbdCommand.Trim, NbdError.InvalidArgument)]
    [InlineData(DiskStatus.OutOfRange, NbdCommand.Cache, NbdError.InvalidArgument)]
    [InlineData(DiskStatus.MediumError, NbdCommand.Flush, NbdError.InputOutput)]
    [InlineData(DiskStatus.MediumFull, NbdCommand.Write, NbdError.NoSpace)]
    [InlineData(DiskStatus.NoMemory, NbdCommand.Write, NbdError.NoMemory)]
    public void X1_X2_each_status_has_its_error(DiskStatus status, NbdCommand command, NbdError error) =>
        Assert.Equal(error, NbdErrors.Translate(status, command));

    [Fact]
    public void X1_every_status_becomes_an_error_that_the_protocol_knows()
    {
        foreach (DiskStatus status in Enum.GetValues<DiskStatus>())
        {
            foreach (NbdCommand command in Enum.GetValues<NbdCommand>())
            {
                NbdError error = NbdErrors.Translate(status, command);
                Assert.True(Enum.IsDefined(error) && (error == NbdError.NoMemory) == (status == DiskStatus.NoMemory), $"{status} of {command}");
            }
        }
    }
}
