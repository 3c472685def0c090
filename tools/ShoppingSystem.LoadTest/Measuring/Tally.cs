namespace ShoppingSystem.LoadTest;

/// <summary>The counters of some lanes. There are as many tallies as processors, so that a thread hardly ever waits for the lock.</summary>
internal sealed class Tally
{
    private readonly Lock _gate = new();
    private readonly TrafficFigures _figures = new();

    public void Acknowledged(TimeSpan startDelay, TimeSpan latency)
    {
        lock (_gate)
        {
            _figures.Acknowledged++;
            _figures.StartDelay.Record(startDelay);
            _figures.Latency.Record(latency);
        }
    }

    public void Failed(TimeSpan startDelay)
    {
        lock (_gate)
        {
            _figures.Failed++;
            _figures.StartDelay.Record(startDelay);
        }
    }

    public void AttemptFailed(string error)
    {
        lock (_gate)
        {
            _figures.Errors[error] = _figures.Errors.GetValueOrDefault(error) + 1;
        }
    }

    public void Retried()
    {
        lock (_gate)
        {
            _figures.Retries++;
        }
    }

    public void AddTo(TrafficFigures sum)
    {
        lock (_gate)
        {
            sum.Acknowledged += _figures.Acknowledged;
            sum.Failed += _figures.Failed;
            sum.Retries += _figures.Retries;
            sum.Latency.Add(_figures.Latency);
            sum.StartDelay.Add(_figures.StartDelay);
            foreach (var (error, count) in _figures.Errors)
            {
                sum.Errors[error] = sum.Errors.GetValueOrDefault(error) + count;
            }
        }
    }
}
