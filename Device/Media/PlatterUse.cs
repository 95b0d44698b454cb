namespace BlockEmu.Device.Media;

/// <summary>Keeps other programs out of a platter while a move uses it. Throws <see cref="DeviceIoException"/> when one is in.</summary>
internal ref struct PlatterUse
{
    private IMedium? _medium;

    public PlatterUse(IMedium medium)
    {
        medium.KeepOthersOut();
        _medium = medium;
    }

    /// <summary>It stays so.</summary>
    public void Keep() => _medium = null;

    public readonly void Dispose() => _medium?.LetOthersIn();
}
