namespace BlockEmu.Device.Media;

/// <summary>What was beside an image.</summary>
public enum RedoState
{
    /// <summary>No redo file, or one with nothing in it: nothing was being written that could be torn.</summary>
    None,

    /// <summary>One that counts: its server was killed inside a write.</summary>
    Unfinished,

    /// <summary>One whose write had not begun, or that is not whole, so that it had not begun either.</summary>
    NotBegun,

    /// <summary>One about another file, or about this one at another length: it says nothing of this image.</summary>
    OtherImage,

    /// <summary>One from before the host was started again: what of it and of the image reached the host's disk nobody knows.</summary>
    OtherBoot,

    /// <summary>A file of that name that is something else.</summary>
    Foreign,
}
