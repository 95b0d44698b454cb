using BlockEmu.Cli.Load;

namespace BlockEmu.Cli.Tests.Bench;

public sealed class LatencyHistogramTests
{
    [Fact]
    public void A_quantile_is_right_within_one_percent_from_nanoseconds_to_hours()
    {
        foreach (long value in (long[])[0, 1, 63, 64, 65, 127, 128, 1000, 123_456, 1L << 30, 3_600_000_000_000])
        {
            LatencyHistogram histogram = new();
            histogram.Add(value);
            histogram.Add(long.MaxValue);
            Assert.InRange(histogram.QuantileNanoseconds(0.25), value * 0.99, value * 1.01);
            Assert.Equal(long.MaxValue, histogram.MaxNanoseconds);
        }
    }

    [Fact]
    public void Quantiles_are_of_what_was_counted()
    {
        LatencyHistogram histogram = new();
        LatencyHistogram other = new();
        for (int i = 1; i <= 1000; i++)
        {
            (i % 2 == 0 ? histogram : other).Add(i * 1000);
        }

        histogram.Add(other);
        Assert.Equal(1000, histogram.Count);
        Assert.InRange(histogram.QuantileNanoseconds(0.5), 495_000, 506_000);
        Assert.InRange(histogram.QuantileNanoseconds(0.99), 980_000, 1_000_000);
        histogram.Clear();
        Assert.Equal(0, histogram.QuantileNanoseconds(0.5));
    }
}
