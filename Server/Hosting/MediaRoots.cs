namespace BlockEmu.Server.Hosting;

/// <summary>The folders in which whoever may call HTTP may have images (<c>--media-root</c>): disks of the command line and of the
/// configuration are their owner's, and may be anywhere.</summary>
/// <param name="roots">The folders.</param>
/// <param name="mayBeAnywhere">Whether, without any folder, an image may be anywhere: those who call have a token.</param>
public sealed class MediaRoots(IReadOnlyList<string> roots, bool mayBeAnywhere)
{
    /// <summary>Links that are followed in one path; more are a loop.</summary>
    private const int MaxLinks = 40;

    private readonly string[] _roots = [.. roots.Select(r => Resolve(r) ?? Path.GetFullPath(r))];

    /// <summary>Where an image of that path really is; a relative path begins at the first folder. Null, and why, when it may not be
    /// there.</summary>
    public string? Find(string path, out string fault)
    {
        fault = "";
        if (_roots.Length == 0)
        {
            fault = mayBeAnywhere ? "" : "only memory can be had over HTTP: no --media-root was given, and no token is asked for";
            return mayBeAnywhere ? path : null;
        }

        string? real;
        try
        {
            real = Resolve(Path.GetFullPath(path, _roots[0]));
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            fault = $"'{path}' is no path that can be looked at: {e.Message}";
            return null;
        }

        if (real is not null && Array.Exists(_roots, r => IsInside(real, r)))
        {
            return real;
        }

        fault = real is null ? $"'{path}' leads through too many links" : $"'{path}' does not lie in a --media-root, once links are followed";
        return null;
    }

    private static bool IsInside(string path, string root) =>
        path.StartsWith(root.EndsWith('/') ? root : root + "/", StringComparison.Ordinal);

    /// <summary>The path without any link; what does not exist is taken as it is. Null when its links form a loop.</summary>
    private static string? Resolve(string path)
    {
        Stack<string> rest = new(Path.GetFullPath(path).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse());
        string real = "/";
        int links = 0;
        while (rest.TryPop(out string? segment))
        {
            string next = Path.Combine(real, segment);
            if (new FileInfo(next).LinkTarget is not { } target)
            {
                real = next;
                continue;
            }

            if (++links > MaxLinks)
            {
                return null;
            }

            // A link's own '..' begin where it stands, which is a real place by now.
            foreach (string part in Path.GetFullPath(target, real).Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse())
            {
                rest.Push(part);
            }

            real = "/";
        }

        return real;
    }
}
