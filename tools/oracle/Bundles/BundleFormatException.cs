namespace BlockEmu.Oracle.Bundles;

/// <summary>A bundle that is not one: damaged, cut off, of another version, or hostile. The message names the entry, and
/// the member or the byte offset.</summary>
public sealed class BundleFormatException : FormatException
{
    /// <summary>A fault at a place of an entry.</summary>
    public BundleFormatException(string entry, string place, string fault, Exception? cause = null)
        : base($"{entry}: {(place.Length == 0 ? "" : place + ": ")}{fault}", cause)
    {
        Entry = entry;
        Place = place;
    }

    /// <summary>The entry, or <c>archive</c>.</summary>
    public string Entry { get; }

    /// <summary>A member such as <c>pending[3].live</c>, or <c>offset 24</c>.</summary>
    public string Place { get; }
}
