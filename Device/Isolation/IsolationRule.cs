using BlockEmu.Device.Geometry;

namespace BlockEmu.Device.Isolation;

/// <summary>An isolation mode, and whether what it permits is made to happen.</summary>
/// <param name="Mode">The mode.</param>
/// <param name="IsAdversarial">Commands of several steps take them in an order drawn from the disk's seed where the mode leaves it
/// open, and let others in between.</param>
public sealed record IsolationRule(IsolationMode Mode, bool IsAdversarial = false)
{
    /// <summary>Where the modes that emulate a page cache cut commands.</summary>
    public const int PageBytes = 4096;

    private static readonly (IsolationMode Mode, string Text)[] _names =
    [
        (IsolationMode.Nvme, "nvme"), (IsolationMode.Exclusive, "exclusive"), (IsolationMode.Shared, "shared"),
        (IsolationMode.Range, "range"), (IsolationMode.Page, "page"), (IsolationMode.HandOverHand, "hand-over-hand"),
    ];

    /// <summary>NVMe's, every command one step.</summary>
    public static IsolationRule Default { get; } = new(IsolationMode.Nvme);

    /// <summary>The modes' names.</summary>
    public static IEnumerable<string> Names => _names.Select(static n => n.Text);

    /// <summary>The mode's name.</summary>
    public string Name => Array.Find(_names, n => n.Mode == Mode).Text;

    /// <summary>Every command is one step, and may run beside any other.</summary>
    internal bool IsPlain => Mode == IsolationMode.Range || (Mode == IsolationMode.Nvme && !IsAdversarial);

    /// <summary>Whether a command beyond AWUN may be several.</summary>
    internal bool MayCutReads => Mode == IsolationMode.Nvme;

    internal bool IsByPage => Mode is IsolationMode.Page or IsolationMode.HandOverHand;

    /// <summary>The mode of a name.</summary>
    public static bool TryParse(string name, out IsolationMode mode)
    {
        int index = Array.FindIndex(_names, n => n.Text == name);
        mode = index < 0 ? IsolationMode.Nvme : _names[index].Mode;
        return index >= 0;
    }

    /// <summary>What can be promised in this mode: above a page cache no unit is larger than a page, and none crosses a page's
    /// border.</summary>
    public AtomicityParameters Limit(AtomicityParameters promise) => !IsByPage ? promise : promise with
    {
        AwunBytes = Math.Min(promise.EffectiveAwunBytes, PageBytes),
        AwupfBytes = Math.Min(promise.EffectiveAwupfBytes, PageBytes),
        AcwuBytes = Math.Min(promise.EffectiveAcwuBytes, PageBytes),
        NawunBytes = 0,
        NawupfBytes = 0,
        NacwuBytes = 0,
        NabsnBytes = PageBytes,
        NabspfBytes = PageBytes,
        NaboBytes = 0,
        Mam = false,
    };
}
