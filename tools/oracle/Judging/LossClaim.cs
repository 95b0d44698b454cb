namespace BlockEmu.Oracle.Judging;

/// <summary>What a disk says of its loss model: demands on top of the contract.</summary>
public enum LossClaim
{
    /// <summary>Any subset may survive (<c>random</c>, <c>aged</c>, <c>explicit</c>): nothing on top.</summary>
    Any,

    /// <summary><c>lose-all</c>: nothing pending survives.</summary>
    LoseAll,

    /// <summary><c>keep-all</c>: every acknowledged command survives.</summary>
    KeepAll,

    /// <summary><c>fifo</c>: the platter is a prefix of the steps.</summary>
    Fifo,

    /// <summary><c>epoch</c>: the platter is a prefix of the steps that ends at the newest required one, where a flush was
    /// accepted, or at the newest.</summary>
    Epoch,

    /// <summary><c>adversary</c>: there is a pending command, one that an unacknowledged flush covers if there is any, such
    /// that no older one survives at all and every newer one whole, or, of several atoms, all but a tail or all but a
    /// head.</summary>
    Adversary,
}
