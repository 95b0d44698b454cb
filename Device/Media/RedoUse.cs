namespace BlockEmu.Device.Media;

/// <summary>What to do with a redo file that counts.</summary>
internal enum RedoUse
{
    /// <summary>Finish what it says, and take it away.</summary>
    Finish,

    /// <summary>Nothing: a <see cref="DeviceIoException"/> says that it must be finished first.</summary>
    Refuse,

    /// <summary>Nothing.</summary>
    Look,
}
