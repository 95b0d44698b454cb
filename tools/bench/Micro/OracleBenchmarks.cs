using BenchmarkDotNet.Attributes;
using BlockEmu.Oracle;
using BlockEmu.Oracle.Atoms;
using BlockEmu.Oracle.Images;
using BlockEmu.Oracle.Judging;
using BlockEmu.Oracle.Traces;

namespace BlockEmu.Bench.Micro;

/// <summary>Judging what a cut left: every second write of the log is there, the others are lost.</summary>
public class OracleBenchmarks
{
    private const int Block = 512;
    private const int PayloadBytes = 8 * Block;

    private readonly ExtentImage _platter = new();
    private DiskTrace _trace = null!;

    [Params(1_000, 100_000)]
    public int Steps { get; set; }

    [GlobalSetup]
    public void Play()
    {
        _trace = new DiskTrace(new TraceGeometry((long)Steps * PayloadBytes, new AtomicityPromise(Block, PayloadBytes, 0, 0, false)));
        for (int i = 0; i < Steps; i++)
        {
            byte[] payload = new byte[PayloadBytes];
            payload.AsSpan().Fill((byte)((i % 255) + 1));
            _trace.Step(i + 1, StepKind.Write, (long)i * PayloadBytes, PayloadBytes, false, payload);
            _trace.Acknowledge(i + 1);
            if (i % 2 == 0)
            {
                _platter.Append((long)i * PayloadBytes, payload);
            }
        }
    }

    [Benchmark]
    public bool Judge()
    {
        Verdict verdict = LegalityOracle.Judge(_trace, ZeroPlatter.Instance, _platter);
        return verdict.IsLegal ? true : throw new InvalidOperationException(verdict.Message);
    }
}
