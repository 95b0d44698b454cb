namespace BlockEmu.Oracle.Bundles;

/// <summary>The probabilities of <c>aged</c> (docs/bundle-format.md, section 4).</summary>
internal sealed class AgeReplay
{
    private readonly LossRule _loss;
    private readonly long _oldest;
    private readonly long _newest;

    public AgeReplay(BundleManifest manifest)
    {
        _loss = manifest.Loss;
        BundleCommand[] live = [.. manifest.Pending.Where(c => c.Live.Count > 0)];
        (_oldest, _newest) = live.Length == 0 ? (0, 0) : (live[0].Sequence, live[^1].Sequence);
    }

    public double ProbabilityOf(long sequence)
    {
        if (_oldest == _newest)
        {
            return _loss.NewestProbability;
        }

        double age = (double)(sequence - _oldest) / (_newest - _oldest);
        return _loss.Probability + ((_loss.NewestProbability - _loss.Probability) * age);
    }
}
