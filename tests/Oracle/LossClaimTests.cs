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
    public void Under_fifo_a_command_may_be_torn_after_a_prefix_of_its_atoms()
    {
        Scene scene = new Scene("xyz", awupf: 1).Write(1, 0, "ABC").Ack(1);
        Holds(scene, LossClaim.Fifo, "xyz", "Ayz", "ABz", "ABC");
        scene.Allows("xBC").Refuses("xBC", LossClaim.Fifo, ViolationKind.DemandUnmet, 0, 1);
    }
}
