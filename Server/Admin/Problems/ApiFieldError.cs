namespace BlockEmu.Server.Admin.Problems;

/// <summary>One field at fault.</summary>
public sealed record ApiFieldError(string Field, string Detail);
