namespace BlockEmu.Device.Media;

/// <summary>What the host says of a file (<c>statx</c>).</summary>
internal readonly record struct FileFacts
{
    public bool IsRegular { get; init; }

    public long SizeBytes { get; init; }

    public long AllocatedBytes { get; init; }

    /// <summary>The file's number in its file system; a file system may give it to a new file once the old one is gone.</summary>
    public ulong Inode { get; init; }

    /// <summary>Its file system.</summary>
    public ulong Device { get; init; }

    /// <summary>When it came to be, since 1970; 0 where the file system does not tell. No other file that has had its number has it.</summary>
    public long BirthNanoseconds { get; init; }

    /// <summary>When its bytes were changed last, since 1970.</summary>
    public long ModifiedNanoseconds { get; init; }

    /// <summary>Permissions, the last twelve bits of its mode.</summary>
    public int Permissions { get; init; }

    /// <summary>Its owner's number.</summary>
    public uint Owner { get; init; }

    /// <summary>Its group's number.</summary>
    public uint Group { get; init; }
}
