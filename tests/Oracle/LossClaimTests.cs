using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>SEMANTICS 4: what a disk that names its loss model is held to, on top of the contract.</summary>
public sealed class LossClaimTests
{
    private static void Holds(Scene scene, LossClaim loss, params string[] platters)
    {
        foreach (string platter in platters)
        {
            Verdict verdict = scene.Judge(platter, loss);
            Assert.True(verdict.IsLegal, $"{platter}: {verdict}");
        }
    }

    [Fact]
    public void Under_lose_all_nothing_pending_shows()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A", fua: true).Ack(1).Write(2, 1, "B").Ack(2).Write(3, 0, "C");
        Holds(scene, LossClaim.LoseAll, "Ayz");
        scene.Refuses("ABz", LossClaim.LoseAll, ViolationKind.DemandUnmet, 1, 2)
            .Refuses("Cyz", LossClaim.LoseAll, ViolationKind.DemandUnmet, 0, 3);
    }

    [Fact]
    public void Under_lose_all_a_pending_version_equal_to_the_required_one_does_no_harm() =>
        Holds(new Scene("x").Write(1, 0, "A", fua: true).Ack(1).Write(2, 0, "A").Ack(2), LossClaim.LoseAll, "A");

    [Fact]
    public void Under_keep_all_everything_acknowledged_shows()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A").Ack(1).Write(2, 1, "B").Write(3, 2, "C").Ack(3);
        Holds(scene, LossClaim.KeepAll, "AyC", "ABC");
        scene.Refuses("xBC", LossClaim.KeepAll, ViolationKind.DemandUnmet, 0, 1)
            .Refuses("ABz", LossClaim.KeepAll, ViolationKind.DemandUnmet, 2, 3);
    }

    [Fact]
    public void Under_keep_all_a_newer_acknowledged_version_hides_an_older_one()
    {
        Scene scene = new Scene("x").Write(1, 0, "A").Write(2, 0, "B").Ack(2, 1);
        Holds(scene, LossClaim.KeepAll, "B");
        scene.Refuses("A", LossClaim.KeepAll, ViolationKind.DemandUnmet, 0, 2);
    }

    [Fact]
    public void Under_fifo_the_platter_is_a_prefix()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A").Write(2, 1, "B").Write(3, 2, "C").Ack(3, 2, 1);
        Holds(scene, LossClaim.Fifo, "xyz", "Ayz", "ABz", "ABC");
        scene.Allows("AyC").Refuses("AyC", LossClaim.Fifo, ViolationKind.DemandUnmet, 2);
    }

    [Fact]
    public void Under_fifo_a_required_step_brings_all_before_it()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A").Ack(1).Write(2, 1, "B", fua: true).Ack(2).Write(3, 2, "C").Ack(3);
        Holds(scene, LossClaim.Fifo, "ABz", "ABC");
        scene.Allows("xBz").Refuses("xBz", LossClaim.Fifo, ViolationKind.DemandUnmet, 0, 1);
    }

    [Fact]
    public void Under_epoch_the_platter_is_a_prefix_that_ends_at_a_flush_or_an_end()
    {
        Scene scene = new Scene("vwxyz").Write(1, 0, "A").Write(2, 1, "B").FlushAccepted(1).Write(3, 2, "C").Write(4, 3, "D")
            .FlushAccepted(2).Write(5, 4, "E");
        Holds(scene, LossClaim.Epoch, "vwxyz", "ABxyz", "ABCDz", "ABCDE");
        scene.Allows("Awxyz", "ABCyz").Refuses("Awxyz", LossClaim.Epoch, ViolationKind.DemandUnmet, 0)
            .Refuses("ABCyz", LossClaim.Epoch, ViolationKind.DemandUnmet, 2);
    }

    [Fact]
    public void Under_epoch_a_prefix_may_also_end_at_the_newest_required_step()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A").FlushAccepted(1).Write(2, 1, "B", fua: true).Ack(2).Write(3, 2, "C");
        Holds(scene, LossClaim.Epoch, "ABz", "ABC");
        scene.Allows("xBz").Refuses("xBz", LossClaim.Epoch, ViolationKind.DemandUnmet, 0, 1);
    }

    [Fact]
    public void Under_adversary_the_oldest_are_lost_and_the_newest_kept()
    {
        Scene scene = new Scene("xyz").Write(1, 0, "A").Write(2, 1, "B").Write(3, 2, "C");
        Holds(scene, LossClaim.Adversary, "xyC", "xBC", "xyz", "ABC");
        scene.Allows("AyC", "ABz").Refuses("AyC", LossClaim.Adversary, ViolationKind.DemandUnmet, 0)
            .Refuses("ABz", LossClaim.Adversary, ViolationKind.DemandUnmet, 0);
    }

    [Fact]
    public void Under_adversary_a_command_is_torn_once()
    {
        Scene scene = new Scene("wxyz", awupf: 1).Write(1, 0, "ABCD");
        Holds(scene, LossClaim.Adversary, "Axyz", "ABCz", "wBCD", "wxyD");
        scene.Allows("AxyD", "wBCz").Refuses("AxyD", LossClaim.Adversary, ViolationKind.DemandUnmet, 3)
            .Refuses("wBCz", LossClaim.Adversary, ViolationKind.DemandUnmet, 1);
    }

    [Fact]
    public void Under_adversary_a_flush_in_progress_is_what_is_torn()
    {
        Scene scene = new Scene("wxyz").Write(1, 0, "A").Write(2, 1, "B").Ack(1, 2).FlushAccepted(1).Write(3, 2, "C")
            .Write(4, 3, "D").Ack(3, 4);
        Holds(scene, LossClaim.Adversary, "wxCD", "wBCD");
        scene.Allows("wxyD").Refuses("wxyD", LossClaim.Adversary, ViolationKind.DemandUnmet, 0);
    }

    [Fact]
    public void Under_fifo_a_command_may_be_torn_after_a_prefix_of_its_atoms()
    {
        Scene scene = new Scene("xyz", awupf: 1).Write(1, 0, "ABC").Ack(1);
        Holds(scene, LossClaim.Fifo, "xyz", "Ayz", "ABz", "ABC");
        scene.Allows("xBC").Refuses("xBC", LossClaim.Fifo, ViolationKind.DemandUnmet, 0, 1);
    }
}
