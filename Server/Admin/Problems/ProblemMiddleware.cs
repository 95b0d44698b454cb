using System.Text.Json;
using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Admin.Json;
using Microsoft.Net.Http.Headers;

namespace BlockEmu.Server.Admin.Problems;

/// <summary>Makes every error a problem detail, whoever found it: a handler, routing, or Kestrel.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, ILogger<ProblemMiddleware> logger)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
            {
                await WriteAsync(context, ApiException.Create(context.Response.StatusCode, DescribeStatus(context)).Problem);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or IOException && context.RequestAborted.IsCancellationRequested)
        {
            // The client has gone; there is nobody to tell.
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            await WriteAsync(context, Translate(e));
        }
        catch (Exception e)
        {
            // Half an answer must not look like a whole one.
            AdminLog.AnswerBrokenOff(logger, e.Message, context.Request.Path);
            context.Abort();
        }
    }

    private ApiProblem Translate(Exception exception)
    {
        switch (exception)
        {
            case ApiException e:
                return e.Problem;
            case PowerMoveException e:
                return ApiException.Create(StatusCodes.Status409Conflict, e.Message, state: ApiWords.Of(e.State)).Problem;
            case BadHttpRequestException e:
                return ApiException.Create(e.StatusCode, e.Message).Problem;
            case IOException { InnerException: OverflowException } e:
                // Kestrel's word for a chunk size beyond its integers; other sizes that are none are a BadHttpRequestException.
                return ApiException.Create(StatusCodes.Status400BadRequest, e.Message).Problem;
            case OperationCanceledException:
                return ApiException.Create(StatusCodes.Status503ServiceUnavailable, "the server stops").Problem;
            case ObjectDisposedException:
                return ApiException.Create(StatusCodes.Status409Conflict, "the disk was removed meanwhile").Problem;
            case CutNotJudgedException e:
                return ApiException.Create(
                    StatusCodes.Status500InternalServerError,
                    $"the power is off, and the cut could not be judged: {e.Message}; a recut tries again, and power on waits for one "
                    + "or accepts \"lose-all\"",
                    state: ApiWords.Of(PowerState.Off)).Problem;
            case DeviceIoException { IsInUse: true } e:
                return ApiException.Create(StatusCodes.Status409Conflict, e.Message).Problem;
            case DeviceIoException e:
                AdminLog.MediumFailed(logger, e.Message);
                return ApiException.Create(StatusCodes.Status500InternalServerError, $"the medium failed: {e.Message}").Problem;
            default:
                AdminLog.RequestFailed(logger, exception);
                return ApiException.Create(StatusCodes.Status500InternalServerError, "this is a fault of the server's own; its log says more").Problem;
        }
    }

    private static string DescribeStatus(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => $"there is no {context.Request.Path}",
        StatusCodes.Status405MethodNotAllowed =>
            $"{context.Request.Method} is not for {context.Request.Path}; allowed: {context.Response.Headers.Allow}",
        StatusCodes.Status415UnsupportedMediaType => $"a body of type '{context.Request.ContentType}' is not taken here",
        int status => $"the request was answered with {status}",
    };

    internal static async Task WriteAsync(HttpContext context, ApiProblem problem)
    {
        // What a handler had said of the answer that it meant to give is not true of this one.
        IHeaderDictionary headers = context.Response.Headers;
        headers.ContentLength = null;
        headers.Remove(HeaderNames.AcceptRanges);
        headers.Remove(HeaderNames.ContentDisposition);
        headers.Remove(HeaderNames.ContentEncoding);
        headers.Remove(HeaderNames.ETag);
        headers.Remove(HeaderNames.LastModified);
        headers.Remove(HeaderNames.Location);
        if (problem.Status != StatusCodes.Status416RangeNotSatisfiable)
        {
            headers.Remove(HeaderNames.ContentRange);
        }

        context.Response.StatusCode = problem.Status;
        context.Response.ContentType = "application/problem+json";
        await JsonSerializer.SerializeAsync(
            context.Response.Body, problem, AdminJson.Readable.ApiProblem, context.RequestAborted);
    }
}
