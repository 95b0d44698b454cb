namespace BlockEmu.Oracle.Judging;

/// <summary>What a disk says of its loss model: demands on top of the contract.</summary>
public enum LossClaim
{
    /// <summary>Any subset may survive (<c>random</c>, <c>explicit</c>): nothing on top.</summary>
    Any,

    /// <summary><c>lose-all</c>: nothing pending survives.</summary>
    LoseAll,

    /// <summary><c>keep-all</c>: every acknowledged command survives.</summary>
    KeepAll,

    /// <summary><c>fifo</c>: the platter is a prefix of the steps.</summary>
    Fifo,
}
