namespace BlockEmu.Server.Admin.Problems;

/// <summary>An RFC 9457 problem detail.</summary>
public sealed record ApiProblem
{
    public string Type { get; init; } = "about:blank";

    /// <summary>The status in words.</summary>
    public required string Title { get; init; }

    public required int Status { get; init; }

    /// <summary>What is wrong here and what would be right.</summary>
    public required string Detail { get; init; }

    /// <summary>The field or parameter at fault, when it is one; the first of <see cref="Errors"/>.</summary>
    public string? Field { get; init; }

    /// <summary>Every fault of the request, when fields are at fault.</summary>
    public IReadOnlyList<ApiFieldError>? Errors { get; init; }

    /// <summary>The disk's power state, where a power move made no sense.</summary>
    public string? State { get; init; }
}
