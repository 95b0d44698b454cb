using BlockEmu.Server.Admin.Problems;

namespace BlockEmu.Server.Admin;

/// <summary>Says in the OpenAPI document which problems a request may end with.</summary>
internal static class EndpointProblems
{
    public static RouteHandlerBuilder WithProblems(this RouteHandlerBuilder builder, params ReadOnlySpan<int> statuses)
    {
        foreach (int status in statuses)
        {
            builder.Produces<ApiProblem>(status, "application/problem+json");
        }

        return builder;
    }
}
