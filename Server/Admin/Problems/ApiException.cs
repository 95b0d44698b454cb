using BlockEmu.Server.Hosting.Configuration;
using Microsoft.AspNetCore.WebUtilities;

namespace BlockEmu.Server.Admin.Problems;

/// <summary>Ends a request with a problem detail.</summary>
internal sealed class ApiException : Exception
{
    private ApiException(ApiProblem problem)
        : base(problem.Detail)
    {
        Problem = problem;
    }

    public ApiProblem Problem { get; }

    public static ApiException Create(int status, string detail, string? field = null, string? state = null) => new(new ApiProblem
    {
        Title = ReasonPhrases.GetReasonPhrase(status),
        Status = status,
        Detail = detail,
        Field = field,
        State = state,
        Errors = field is null ? null : [new ApiFieldError(field, detail)],
    });

    /// <summary>400 for the fields of a body or a query, all at once.</summary>
    public static ApiException BadFields(IReadOnlyList<Fault> faults) => new(new ApiProblem
    {
        Title = ReasonPhrases.GetReasonPhrase(StatusCodes.Status400BadRequest),
        Status = StatusCodes.Status400BadRequest,
        Detail = string.Join("; ", faults),
        Field = faults[0].Field.Length == 0 ? null : faults[0].Field,
        Errors = [.. faults.Select(f => new ApiFieldError(f.Field, f.Detail))],
    });
}
