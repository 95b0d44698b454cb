using System.Diagnostics.Metrics;
using System.Globalization;

namespace BlockEmu.Server.Metrics;

/// <summary>Reads one meter's observable instruments and writes them as they are named. It knows instruments only: any
/// other adapter of meters could stand in its place.</summary>
internal sealed class MeterExposition : IDisposable
{
    private readonly MeterListener _listener = new();

    // Protects the samples while one scrape collects them.
    private readonly Lock _scrape = new();
    private readonly List<Instrument> _instruments = [];
    private readonly Dictionary<Instrument, List<(KeyValuePair<string, string>[] Labels, double Value)>> _samples = [];

    public MeterExposition(Meter meter)
    {
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter && instrument.IsObservable)
            {
                _instruments.Add(instrument);
                _samples[instrument] = [];
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((i, value, tags, _) => Take(i, value, tags));
        _listener.SetMeasurementEventCallback<int>((i, value, tags, _) => Take(i, value, tags));
        _listener.SetMeasurementEventCallback<double>((i, value, tags, _) => Take(i, value, tags));
        _listener.Start();
    }

    public void Write(ExpositionText text)
    {
        lock (_scrape)
        {
            foreach (List<(KeyValuePair<string, string>[], double)> samples in _samples.Values)
            {
                samples.Clear();
            }

            _listener.RecordObservableInstruments();
            foreach (Instrument instrument in _instruments)
            {
                text.Family(instrument.Name, TypeOf(instrument), instrument.Description ?? "");
                foreach ((KeyValuePair<string, string>[] labels, double value) in _samples[instrument])
                {
                    text.Sample(instrument.Name, labels, value);
                }
            }
        }
    }

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        KeyValuePair<string, string>[] labels = new KeyValuePair<string, string>[tags.Length];
        for (int i = 0; i < labels.Length; i++)
        {
            labels[i] = new(tags[i].Key, Convert.ToString(tags[i].Value, CultureInfo.InvariantCulture) ?? "");
        }

        _samples[instrument].Add((labels, value));
    }

    private static string TypeOf(Instrument instrument) =>
        instrument.GetType().GetGenericTypeDefinition() == typeof(ObservableCounter<>) ? "counter" : "gauge";

    public void Dispose() => _listener.Dispose();
}
