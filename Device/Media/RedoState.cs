namespace BlockEmu.Device.Media;

/// <summary>What was beside an image.</summary>
public enum RedoState
{
    /// <summary>No redo file, or one with nothing in it: nothing was being written that could be torn.</summary>
    None,

    /// <summary>One that counts: its server was killed inside a write.</summary>
    Unfinished,

    /// <summary>One whose write had not begun.</summary>
    NotBegun,

    /// <summary>One about another file, or about this one at another length: it says nothing of this image.</summary>
    OtherImage,

    /// <summary>One from before the host was started again: what of it and of the image reached the host's disk nobody knows.</summary>
    OtherBoot,

    /// <summary>One about this image, which somebody has changed since: what it says is no longer to be done.</summary>
    Changed,

    /// <summary>One that counted, and is not as it was written.</summary>
    Damaged,

    /// <summary>One that the version before this left, which judges by less.</summary>
    Earlier,

    /// <summary>The image says that there is one, and it is not where it was.</summary>
    Missing,

    /// <summary>A file of that name that is something else.</summary>
    Foreign,
}
