using BlockEmu.Protocol.Nvme;

namespace BlockEmu.Server.Nvme;

/// <summary>Features that every I/O controller has, and that change little here: what the host sets is kept and told until the
/// controller is reset (Base 5.27.1.1, .2, .3; NVM 4.1.3.2).</summary>
/// <remarks>Calls come one at a time, from the admin queue.</remarks>
internal sealed class NvmeSettings
{
    /// <summary>WCTEMP, and the over temperature threshold by default.</summary>
    public const ushort WarningKelvin = 343;

    private const uint NoBurstLimit = 7;              // feature 01h 2:0 AB
    private const uint ArbitrationBits = 0xFFFF_FF07; // and the weights, which round robin does not look at
    private const uint WorkloadHint = 7u << 5;        // feature 02h 7:5 WH
    private const uint PowerState = 0x1F;             // 4:0 PS, of which there is 0 alone
    private const uint TimeLimitedRetry = 0xFFFF;     // feature 05h 15:0 TLER; 16 DULBE needs NSFEAT bit 2
    private const uint AllSensors = 0xF;              // feature 04h 19:16 TMPSEL; 0 is the composite temperature, there are no sensors
    private const int OverThreshold = 0;              // 21:20 THSEL
    private const int UnderThreshold = 1;

    private uint _arbitration = NoBurstLimit;
    private uint _power;
    private uint _recovery;
    private ushort _overKelvin = WarningKelvin;
    private ushort _underKelvin;

    /// <summary>Whether the health log warns.</summary>
    public bool IsBeyondThreshold => NvmeHealth.RoomKelvin >= _overKelvin || NvmeHealth.RoomKelvin <= _underKelvin;

    /// <summary>Whether it is one of these.</summary>
    public static bool Has(NvmeFeature feature) => feature is NvmeFeature.Arbitration or NvmeFeature.PowerManagement
        or NvmeFeature.TemperatureThreshold or NvmeFeature.ErrorRecovery;

    /// <summary>The controller was reset.</summary>
    public void Reset()
    {
        (_arbitration, _power, _recovery) = (NoBurstLimit, 0, 0);
        (_overKelvin, _underKelvin) = (WarningKelvin, 0);
    }

    /// <summary>The value; null: CDW11 names a threshold that there is not.</summary>
    public uint? Get(NvmeFeature feature, uint cdw11, bool isDefault) => feature switch
    {
        NvmeFeature.Arbitration => isDefault ? NoBurstLimit : _arbitration,
        NvmeFeature.PowerManagement => isDefault ? 0 : _power,
        NvmeFeature.ErrorRecovery => isDefault ? 0 : _recovery,
        _ when SensorOf(cdw11) != 0 => null,
        _ => ThresholdOf(cdw11) switch
        {
            OverThreshold => isDefault ? WarningKelvin : _overKelvin,
            UnderThreshold => isDefault ? 0u : _underKelvin,
            _ => null,
        },
    };

    /// <summary>False: the value is none.</summary>
    public bool TrySet(NvmeFeature feature, uint value)
    {
        switch (feature)
        {
            case NvmeFeature.Arbitration:
                _arbitration = value & ArbitrationBits;
                return true;
            case NvmeFeature.PowerManagement:
                bool isThere = (value & PowerState) == 0;
                _power = isThere ? value & WorkloadHint : _power;
                return isThere;
            case NvmeFeature.ErrorRecovery:
                bool isKnown = (value & ~TimeLimitedRetry) == 0;
                _recovery = isKnown ? value : _recovery;
                return isKnown;
            default:
                return TrySetThreshold(value);
        }
    }

    private static uint SensorOf(uint cdw11) => (cdw11 >> 16) & 0xF;

    private static int ThresholdOf(uint cdw11) => (int)(cdw11 >> 20) & 3;

    private bool TrySetThreshold(uint value)
    {
        int threshold = ThresholdOf(value);
        if (SensorOf(value) is not (0 or AllSensors) || threshold > UnderThreshold)
        {
            return false;
        }

        if (threshold == OverThreshold)
        {
            _overKelvin = (ushort)value;
        }
        else
        {
            _underKelvin = (ushort)value;
        }

        return true;
    }
}
