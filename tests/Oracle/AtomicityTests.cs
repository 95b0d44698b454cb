using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Tests.Support;

namespace BlockEmu.Oracle.Tests;

/// <summary>SEMANTICS 2 and 4, sentence by sentence: which tears the oracle allows and which it refuses.</summary>
public sealed class AtomicityTests
{
    [Fact]
    public void A_write_of_at_most_AWUPF_is_whole_or_gone() =>
        new Scene("wxyz", awupf: 4).Write(1, 0, "ABCD").Ack(1)
            .Allows("wxyz", "ABCD")
            .Refuses("AByz", ViolationKind.TornAtom, 0, 1).Refuses("wxyD", ViolationKind.TornAtom, 3, 1);

    [Fact]
    public void A_torn_atom_names_the_block_where_it_is_missing()
    {
        Violation torn = new Scene("wxyz", awupf: 4).Write(1, 0, "ABCD").Judge("ABCz").Violations[0];
        Assert.Equal(3 * Scene.Block, torn.RelatedOffsetBytes);
    }

    [Fact]
    public void A_unit_is_a_length_and_not_a_grid() =>
        new Scene("stuvwxyz", awupf: 4).Write(1, 3, "ABCD").Ack(1)
            .Allows("stuvwxyz", "stuABCDz").Refuses("stuABxyz", ViolationKind.TornAtom, 3, 1);

    [Fact]
    public void A_write_above_AWUPF_may_tear_at_every_block() =>
        new Scene("wxyz", awupf: 2).Write(1, 0, "ABCD").Ack(1)
            .Allows("wxyz", "Axyz", "wByz", "AxCz", "wxyD", "ABCD");

    [Fact]
    public void A_block_is_never_torn_inside()
    {
        Scene scene = new Scene("wxyz", awupf: 2).Write(1, 0, "ABCD").Ack(1);
        scene.Refuses("ABQD", ViolationKind.ForeignData, 2, 1);
    }

    [Fact]
    public void A_write_that_crosses_a_boundary_may_tear_at_every_block() =>
        new Scene("wxyz", awupf: 4, nabspf: 2, nabo: 0).Write(1, 1, "BC").Ack(1).Allows("wxyz", "wByz", "wxCz", "wBCz");

    [Fact]
    public void A_write_inside_a_boundary_is_whole() =>
        new Scene("wxyz", awupf: 4, nabspf: 2, nabo: 1).Write(1, 1, "BC").Ack(1)
            .Allows("wxyz", "wBCz").Refuses("wByz", ViolationKind.TornAtom, 1, 1);

    [Fact]
    public void The_offset_of_the_first_boundary_moves_them_all() =>
        new Scene("wxyz", awupf: 4, nabspf: 2, nabo: 1).Write(1, 0, "AB").Ack(1).Allows("wxyz", "Axyz", "wByz", "AByz");

    [Fact]
    public void In_MAM_each_piece_between_boundaries_keeps_the_promise_by_itself() =>
        new Scene("uvwxyz", awupf: 2, nabspf: 2, nabo: 1, mam: true).Write(1, 0, "ABCDEF").Ack(1)
            .Allows("uvwxyz", "Avwxyz", "uBCxyz", "uvwDEz", "uBCxyF", "ABCDEF")
            .Refuses("uBwxyz", ViolationKind.TornAtom, 1, 1).Refuses("ABCxEz", ViolationKind.TornAtom, 4, 1);

    [Fact]
    public void In_MAM_a_command_without_a_boundary_in_it_is_cut_as_any_other() =>
        new Scene("uvwxyz", awupf: 2, nabspf: 4, nabo: 0, mam: true).Write(1, 0, "ABC").Ack(1)
            .Allows("uBwxyz", "AvCxyz");

    [Fact]
    public void A_small_trim_is_one_atom_and_a_large_one_is_not() =>
        new Scene("uvwxyz", awupf: 2).Trim(1, 0, 2).Ack(1).Trim(2, 2, 3).Ack(2)
            .Allows("..wxyz", "..w.yz", "uv.x.z").Refuses(".vwxyz", ViolationKind.TornAtom, 0, 1);

    [Fact]
    public void Small_zeroes_are_one_atom() =>
        new Scene("xyz", awupf: 2).Zeroes(1, 1, 2).Ack(1).Allows("xyz", "x..").Refuses("x.z", ViolationKind.TornAtom, 1, 1);

    [Fact]
    public void An_atom_in_S_shows_wherever_nothing_newer_in_S_covers_it() =>
        new Scene("wxyz", awupf: 4).Write(1, 0, "AAA").Ack(1).Write(2, 2, "BB").Ack(2)
            .Allows("AAAz", "AABB", "wxBB", "wxyz")
            .Refuses("AxBB", ViolationKind.TornAtom, 0, 1).Refuses("AAAB", ViolationKind.TornAtom, 3, 2);

    [Fact]
    public void A_newer_survivor_is_never_hidden_by_an_older_one() =>
        new Scene("xy", awupf: 2).Write(1, 0, "AA").Ack(1).Write(2, 0, "BB").Ack(2)
            .Allows("AA", "BB").Refuses("AB", ViolationKind.TornAtom, 1, 2).Refuses("BA", ViolationKind.TornAtom, 0, 2);

    [Fact]
    public void A_chain_of_atoms_is_followed_to_its_end() =>
        new Scene("wxyz", awupf: 2).Write(1, 0, "AA").Write(2, 1, "BB").Write(3, 2, "CC")
            .Allows("wxyz", "AAyz", "wBBz", "wxCC", "ABBz", "AACC", "wBCC", "ABCC")
            .Refuses("AABz", ViolationKind.TornAtom, 2, 2).Refuses("ABBC", ViolationKind.TornAtom, 3, 3)
            .Refuses("wBCz", ViolationKind.TornAtom, 2, 3).Refuses("AxCC", ViolationKind.TornAtom, 0, 1);

    [Fact]
    public void Blocks_that_no_step_covers_do_not_change() =>
        new Scene("wxyz").Write(1, 1, "A").Ack(1)
            .Allows("wxyz", "wAyz")
            .Refuses("qxyz", ViolationKind.UntouchedChanged, 0).Refuses("wAy.", ViolationKind.UntouchedChanged, 3);

    [Fact]
    public void Blocks_that_no_step_covers_and_were_zero_stay_zero() =>
        new Scene("...").Write(1, 0, "A").Ack(1).Allows("...", "A..").Refuses("A.q", ViolationKind.UntouchedChanged, 2);

    [Fact]
    public void Without_any_step_the_platter_is_the_first_content() =>
        new Scene("x.z").Allows("x.z").Refuses("x..", ViolationKind.UntouchedChanged, 2);

    [Fact]
    public void What_nobody_wrote_is_refused_with_all_who_could_have() =>
        new Scene("xy").Write(1, 0, "A").Ack(1).Flush(1).Write(2, 0, "B").Write(3, 0, "C")
            .Refuses("Qy", ViolationKind.ForeignData, 0, 3, 2, 1);

    [Fact]
    public void Data_of_another_block_is_foreign() =>
        new Scene("wxyz", awupf: 1).Write(1, 0, "AB").Ack(1).Refuses("BByz", ViolationKind.ForeignData, 0, 1);

    [Fact]
    public void The_specifications_figure_5_two_overlapping_writes_are_never_mixed()
    {
        Scene aThenB = new Scene("CCCCC", awupf: 4).Write(1, 0, "AAAA", fua: true).Write(2, 1, "BBBB", fua: true).Ack(1, 2).Allows("ABBBB");
        Scene bThenA = new Scene("CCCCC", awupf: 4).Write(1, 1, "BBBB", fua: true).Write(2, 0, "AAAA", fua: true).Ack(1, 2).Allows("AAAAB");
        foreach (string wrong in (string[])["AABBB", "ABAAB"])
        {
            Assert.Equal(VerdictKind.Illegal, aThenB.Judge(wrong).Kind);
            Assert.Equal(VerdictKind.Illegal, bThenA.Judge(wrong).Kind);
        }
    }

    [Fact]
    public void The_specifications_figures_6_and_7_a_write_within_AWUPF_is_all_old_or_all_new() =>
        new Scene("CBBBB", awupf: 2).Write(1, 0, "AA")
            .Allows("AABBB", "CBBBB")
            .Refuses("ABBBB", ViolationKind.TornAtom, 0, 1)
            .Refuses("CABBB", ViolationKind.TornAtom, 1, 1)
            .Refuses("DDBBB", ViolationKind.ForeignData, 0, 1);
}
