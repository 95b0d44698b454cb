using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>SEMANTICS 3, sentence by sentence: what the oracle allows, and what it refuses with the block and the command.</summary>
public sealed class DurabilityTests
{
    [Fact]
    public void A_cached_write_may_be_lost_or_kept() =>
        new Scene("xy").Write(1, 0, "A").Ack(1).Allows("xy", "Ay");

    [Fact]
    public void An_unacknowledged_write_may_be_kept() => new Scene("xy").Write(1, 0, "A").Allows("xy", "Ay");

    [Fact]
    public void An_acknowledged_FUA_write_is_never_lost() =>
        new Scene("xy").Write(1, 0, "A", fua: true).Ack(1)
            .Allows("Ay").Refuses("xy", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void A_FUA_write_that_was_not_acknowledged_may_be_lost() =>
        new Scene("xy").Write(1, 0, "A", fua: true).Allows("xy", "Ay");

    [Fact]
    public void A_FUA_write_is_no_barrier_for_what_came_before_it() =>
        new Scene("xyz").Write(1, 0, "A").Ack(1).Write(2, 1, "B", fua: true).Ack(2).Write(3, 2, "C").Ack(3)
            .Allows("xBz", "ABz", "xBC", "ABC").Refuses("AyC", ViolationKind.RequiredLost, 1, 2);

    [Fact]
    public void With_the_cache_off_every_acknowledged_write_is_required() =>
        new Scene("xy", cache: false).Write(1, 0, "A").Ack(1).Write(2, 1, "B")
            .Allows("Ay", "AB").Refuses("xB", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void With_the_cache_off_trims_and_zeroes_are_required_too() =>
        new Scene("xyz", cache: false).Trim(1, 0, 1).Ack(1).Zeroes(2, 1, 1).Ack(2)
            .Allows("..z").Refuses("x.z", ViolationKind.RequiredLost, 0, 1).Refuses(".yz", ViolationKind.RequiredLost, 1, 2);

    [Fact]
    public void What_a_flush_covers_is_never_lost() =>
        new Scene("xy").Write(1, 0, "AB").Ack(1).Flush(1)
            .Allows("AB").Refuses("xB", ViolationKind.RequiredLost, 0, 1).Refuses("Ay", ViolationKind.RequiredLost, 1, 1);

    [Fact]
    public void The_reason_names_the_flush() =>
        Assert.Contains("covered by flush 7", new Scene("x").Write(1, 0, "A").Ack(1).Flush(7).Judge("x").Message);

    [Fact]
    public void A_flush_in_progress_requires_nothing() =>
        new Scene("xy").Write(1, 0, "A").Ack(1).FlushAccepted(1).Allows("xy", "Ay");

    [Fact]
    public void A_flush_does_not_cover_what_is_acknowledged_after_its_acceptance() =>
        new Scene("xy").Write(1, 0, "A").Write(2, 1, "B").Ack(1).FlushAccepted(1).Ack(2).FlushAcked(1)
            .Allows("Ay", "AB").Refuses("xB", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void A_flush_does_not_cover_what_was_never_acknowledged() =>
        new Scene("xy").Write(1, 0, "A").Flush(1).Allows("xy", "Ay");

    [Fact]
    public void Of_two_flushes_that_overlap_each_covers_its_own() =>
        new Scene("xyz").Write(1, 0, "A").Ack(1).FlushAccepted(1).Write(2, 1, "B").Ack(2).FlushAccepted(2)
            .Write(3, 2, "C").Ack(3).FlushAcked(2)
            .Allows("ABz", "ABC").Refuses("AyC", ViolationKind.RequiredLost, 1, 2).Refuses("xBz", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void What_was_destaged_is_never_lost() =>
        new Scene("xy").Write(1, 0, "A").Ack(1).Destage(1).Allows("Ay").Refuses("xy", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void History_counts_an_older_pending_version_may_stay_and_the_newer_be_lost() =>
        new Scene("x").Write(1, 0, "A").Ack(1).Write(2, 0, "B").Ack(2).Write(3, 0, "C").Ack(3).Allows("x", "A", "B", "C");

    [Fact]
    public void An_older_version_under_a_required_one_can_never_come_back() =>
        new Scene("x").Write(1, 0, "A").Ack(1).Write(2, 0, "B").Ack(2).Flush(1).Write(3, 0, "C").Ack(3)
            .Allows("B", "C").Refuses("A", ViolationKind.SupersededReturned, 0, 2, 1)
            .Refuses("x", ViolationKind.RequiredLost, 0, 2);

    [Fact]
    public void An_older_version_under_a_required_one_is_dead_even_when_it_was_destaged_itself() =>
        new Scene("x").Write(1, 0, "A").Destage(1).Ack(1).Write(2, 0, "B", fua: true).Ack(2)
            .Allows("B").Refuses("A", ViolationKind.SupersededReturned, 0, 2, 1);

    [Fact]
    public void A_pending_write_under_a_newer_FUA_write_is_dead_there_and_whole_on_the_rest() =>
        new Scene("wxyz").Write(1, 0, "AAA").Ack(1).Write(2, 1, "B", fua: true).Ack(2)
            .Allows("wByz", "ABAz").Refuses("ABxz", ViolationKind.ForeignData, 2, 1)
            .Refuses("AByz", ViolationKind.TornAtom, 0, 1).Refuses("wBAz", ViolationKind.TornAtom, 2, 1);

    [Fact]
    public void A_newer_pending_version_cannot_undo_a_required_one_into_first_content() =>
        new Scene("xy").Write(1, 0, "AA").Ack(1).Flush(1).Write(2, 0, "BB").Ack(2)
            .Allows("AA", "BB").Refuses("xy", ViolationKind.RequiredLost, 0, 1);

    [Fact]
    public void Trims_and_zeroes_are_cached_lost_and_kept_like_writes() =>
        new Scene("xyz").Trim(1, 0, 1).Ack(1).Zeroes(2, 1, 1).Ack(2).Allows("xyz", ".yz", "x.z", "..z");

    [Fact]
    public void A_flushed_trim_is_required_and_its_blocks_read_as_zero() =>
        new Scene("xyz").Trim(1, 0, 2).Ack(1).Flush(1)
            .Allows("..z").Refuses("x.z", ViolationKind.RequiredLost, 0, 1).Refuses(".Qz", ViolationKind.ForeignData, 1, 1);

    [Fact]
    public void What_a_flushed_trim_removed_can_never_come_back() =>
        new Scene("xy").Write(1, 0, "A").Ack(1).Trim(2, 0, 1).Ack(2).Flush(1)
            .Allows(".y").Refuses("Ay", ViolationKind.SupersededReturned, 0, 2, 1);
}
