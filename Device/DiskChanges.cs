using BlockEmu.Device.Geometry;

namespace BlockEmu.Device;

/// <summary>Changes the options of a disk that runs, one change after another.</summary>
/// <remarks>
/// <list type="number">
/// <item><description>A change is made whole or not at all: what does not hold is refused before anything is different.</description></item>
/// <item><description>It holds for commands accepted after it returned. One that was accepted before, waiting or pending, keeps the
/// promises that it was accepted under, and cuts and reports go by those.</description></item>
/// <item><description>It may be made in any power state, beside commands and moves. A cut keeps the atomicity that held when it was
/// made; a recut without seed or loss takes the disk's of its own moment.</description></item>
/// </list>
/// </remarks>
internal sealed class DiskChanges(DiskCore core)
{
    private readonly Lock _order = new(); // protects from the reading of the old options to the new ones; only changes take it

    /// <summary>Makes a change.</summary>
    /// <param name="change">Gets the options in force, returns new ones. It is not called beside another change.</param>
    /// <exception cref="ArgumentException">The new options do not hold (the message begins with the option's name), or differ in
    /// what cannot change.</exception>
    public void Apply(Func<DiskOptions, DiskOptions> change)
    {
        lock (_order)
        {
            DiskOptions now = core.Options;
            DiskOptions next = change(now);
            string? fault = next.IsChangeOf(now)
                ? next.Validate().FirstOrDefault()
                : "only atomicity, destage, isolation, loss and seed can change while the disk is there";
            if (fault is not null)
            {
                throw new ArgumentException(fault, nameof(change));
            }

            lock (core.Gate)
            {
                core.Change(next);
            }
        }
    }
}
