using BlockEmu.Device;
using BlockEmu.Device.Power;
using BlockEmu.Server.Hosting.Configuration;

namespace BlockEmu.Server.Admin.Bundles;

/// <summary>One disk's newest bundle: written from live evidence while the power is off, kept aside in an unlinked
/// temporary file when it returns. Callers make their calls one after another, with the power moves.</summary>
public sealed class BundleKeeper(Disk disk) : IDisposable
{
    /// <summary>Cuts with more payload pending than this are not kept beyond power on.</summary>
    public const long MaxKeptPayloadBytes = 64L << 20;

    /// <summary>Nor are cuts that touched more than this (huge trims): power on must not wait for a scan.</summary>
    public const long MaxKeptTouchedBytes = 1L << 30;

    /// <summary>Nor bundles larger than this.</summary>
    public const long MaxKeptBytes = 256L << 20;

    private KeptBundle? _kept;
    private (int Number, string Reason)? _refused;

    /// <summary>The bundle of a report, to be disposed by the caller; or null and the reason why it is gone.</summary>
    public KeptBundle? Open(int number, out string gone)
    {
        gone = "";
        if (_kept?.Number == number)
        {
            return _kept.Share();
        }

        if (_refused?.Number == number)
        {
            gone = _refused.Value.Reason;
        }

        try
        {
            KeptBundle? bundle = disk.WithEvidence(evidence =>
                evidence.Report.Number == number ? Write(evidence, long.MaxValue) : null);
            if (bundle is not null)
            {
                Keep(bundle);
                return bundle.Share();
            }

            gone = $"only the latest report's bundle is there; recut with report {number}'s seed and loss to have its like";
        }
        catch (PowerMoveException)
        {
            gone = gone.Length > 0 ? gone : "the power has returned, or the platter was replaced, since that cut";
        }

        return null;
    }

    /// <summary>Keeps the newest report's bundle aside; the evidence goes with power on. Never throws: what can't be
    /// kept must not keep the power off.</summary>
    public void KeepForPowerOn()
    {
        int number = 0;
        try
        {
            disk.WithEvidence(evidence =>
            {
                number = evidence.Report.Number;
                if (_kept?.Number != number)
                {
                    KeepIfSmall(evidence);
                }

                return true;
            });
        }
        catch (PowerMoveException)
        {
            // A shutdown, or a platter from outside: there is no evidence.
        }
        catch (Exception e)
        {
            _refused = (number, $"it could not be kept at power on: {e.Message}");
        }
    }

    private void KeepIfSmall(CutEvidence evidence)
    {
        long touchedBytes = BundleWriter.FindTouched(evidence.Commands).Sum(r => r.LengthBytes);
        string? reason = evidence.Report.PendingBytes > MaxKeptPayloadBytes
            ? $"{evidence.Report.PendingBytes} bytes were pending, and at power on bundles are kept up to {ByteSize.Format(MaxKeptPayloadBytes)} of them"
            : touchedBytes > MaxKeptTouchedBytes
                ? $"the cut touched {touchedBytes} bytes, and at power on bundles are kept up to {ByteSize.Format(MaxKeptTouchedBytes)} of them"
                : null;
        if (reason is null)
        {
            Keep(Write(evidence, MaxKeptBytes));
            return;
        }

        _refused = (evidence.Report.Number, reason + "; fetch it before power on");
        _kept?.Dispose();
        _kept = null;
    }

    private KeptBundle Write(CutEvidence evidence, long maxBytes)
    {
#pragma warning disable CA2000 // The bundle owns the file.
        FileStream file = CreateUnlinked();
#pragma warning restore CA2000
        try
        {
            BundleWriter.Write(new BoundedStream(file, maxBytes), disk.Name, evidence);
            file.Flush();
            return new KeptBundle(evidence.Report.Number, file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private void Keep(KeptBundle bundle)
    {
        _kept?.Dispose();
        _kept = bundle;
    }

    private static FileStream CreateUnlinked()
    {
        string path = Path.Combine(Path.GetTempPath(), $"blockemu-bundle-{Guid.NewGuid():N}");
        FileStreamOptions options = new() { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        FileStream file = new(path, options);
        File.Delete(path);
        return file;
    }

    public void Dispose()
    {
        _kept?.Dispose();
        _kept = null;
    }
}
