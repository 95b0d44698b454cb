namespace BlockEmu.Cli.Load;

/// <summary>One connection's bytes. Blocking, for one thread; a lost connection is a <see cref="LoadFailedException"/>.</summary>
internal interface ILoadWire
{
    /// <summary>Sends what goes; false when some of it must wait for room.</summary>
    bool TrySend(SendQueue queue);

    /// <summary>Waits until something arrives and takes all that has, as far as there is place.</summary>
    /// <param name="destination">Filled from its start.</param>
    /// <param name="wantsRoom">Returns 0 as well when there is room to send.</param>
    int Receive(Span<byte> destination, bool wantsRoom);
}
