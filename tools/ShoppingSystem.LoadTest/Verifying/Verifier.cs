using System.Diagnostics;

namespace ShoppingSystem.LoadTest;

/// <summary>
/// Compares receipts with histories. First it waits until the recorder has caught up with the acknowledgements, then it
/// reads the whole history of every user. Users with missing purchases are read again until the deadline, unless their
/// history can never be read to its end.
/// </summary>
internal sealed class Verifier(Histories histories, BuyRequests requests, Receipts receipts, long usedNumbers, TimeSpan deadline)
{
    private const int Readers = 8;
    private const int ExamplesOfAKind = 5;

    private static readonly TimeSpan PollEvery = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ProgressEvery = TimeSpan.FromSeconds(1);

    private readonly long _begun = Stopwatch.GetTimestamp();
    private readonly byte[] _seen = new byte[usedNumbers];
    private readonly UserState[] _users = new UserState[requests.Users];
    private readonly Lock _progress = new();
    private long _progressAt = Stopwatch.GetTimestamp();

    private bool DeadlineIsOver => Stopwatch.GetElapsedTime(_begun) > deadline;

    /// <summary>Verifies every user; histories that are not read when <paramref name="abort"/> is cancelled stay unchecked.</summary>
    /// <param name="progress">Called once a second with the number of users whose history was read.</param>
    /// <param name="abort">Ends it early.</param>
    public async Task<Verification> RunAsync(Action<int> progress, CancellationToken abort)
    {
        for (long number = 0; number < usedNumbers; number++)
        {
            ref var user = ref _users[requests.UserOf(number)];
            user.Bought = true;
            user.Acknowledged += receipts.IsAcknowledged(number) ? 1 : 0;
        }

        progress(0);

        try
        {
            await ForEachUserAsync(user => _users[user].Acknowledged > 0, WaitForRecorderAsync, abort);
            while (true)
            {
                ForgetUnfinished();
                await ForEachUserAsync(
                    user => !_users[user].Finished,
                    async (user, abort) =>
                    {
                        await ReadHistoryAsync(user, abort);
                        Report(progress);
                    },
                    abort);
                FindFinished();
                if (DeadlineIsOver || _users.All(user => user.Finished))
                {
                    break;
                }

                await Task.Delay(PollEvery, abort);
            }
        }
        catch (OperationCanceledException) when (abort.IsCancellationRequested)
        {
            // A history that was not read to its end counts as unchecked.
        }

        progress(_users.Count(user => user.Read || !user.Bought));
        return Conclude();
    }

    private void Report(Action<int> progress)
    {
        lock (_progress)
        {
            if (Stopwatch.GetElapsedTime(_progressAt) >= ProgressEvery)
            {
                _progressAt = Stopwatch.GetTimestamp();
                progress(_users.Count(user => user.Read || !user.Bought));
            }
        }
    }

    private Task ForEachUserAsync(Func<int, bool> choose, Func<int, CancellationToken, ValueTask> act, CancellationToken abort) =>
        Parallel.ForEachAsync(
            Enumerable.Range(0, _users.Length).Where(choose),
            new ParallelOptions { MaxDegreeOfParallelism = Readers, CancellationToken = abort },
            act);

    private async ValueTask WaitForRecorderAsync(int user, CancellationToken abort)
    {
        while (!DeadlineIsOver)
        {
            try
            {
                if (await histories.CountAsync(requests.UserId(user), abort) is not { } count || count >= _users[user].Acknowledged)
                {
                    return;
                }
            }
            catch (HistoryException)
            {
                // The server may be about to come back; reading the history will show it.
            }

            await Task.Delay(PollEvery, abort);
        }
    }

    private async ValueTask ReadHistoryAsync(int user, CancellationToken abort)
    {
        var userId = requests.UserId(user);
        try
        {
            await foreach (var page in histories.ReadAsync(userId, abort))
            {
                foreach (var entry in page)
                {
                    Take(user, userId, entry);
                }
            }

            _users[user].Read = true;
        }
        catch (HistoryException e)
        {
            _users[user].Problem = e.Message;
            _users[user].GivenUp = e.IsFinal;
        }
    }

    // Only one reader at a time works on a user, and on the numbers of the user's purchases.
    private void Take(int user, string userId, HistoryEntry entry)
    {
        if (!BuyRequests.TryReadNumber(entry.Item, out var number) || number >= usedNumbers || requests.UserOf(number) != user)
        {
            _users[user].Foreign++;
            return;
        }

        if (entry.UserId != userId
            || entry.Price != BuyRequests.PriceOf(number)
            || (receipts.IsAcknowledged(number) && !receipts.IsAcknowledgedAs(number, entry.Id)))
        {
            _users[user].Altered++;
        }

        _seen[number] += (byte)(_seen[number] < byte.MaxValue ? 1 : 0);
    }

    private void ForgetUnfinished()
    {
        for (var user = 0; user < _users.Length; user++)
        {
            if (!_users[user].Finished)
            {
                _users[user] = new() { Bought = _users[user].Bought, Acknowledged = _users[user].Acknowledged };
            }
        }

        for (long number = 0; number < usedNumbers; number++)
        {
            if (!_users[requests.UserOf(number)].Finished)
            {
                _seen[number] = 0;
            }
        }
    }

    private void FindFinished()
    {
        for (var user = 0; user < _users.Length; user++)
        {
            _users[user].Finished = _users[user].Read || _users[user].GivenUp || !_users[user].Bought;
        }

        for (long number = 0; number < usedNumbers; number++)
        {
            if (_seen[number] is 0 && receipts.IsAcknowledged(number))
            {
                ref var user = ref _users[requests.UserOf(number)];
                user.Finished = user.GivenUp;
            }
        }
    }

    private Verification Conclude()
    {
        long acknowledged = 0, found = 0, lost = 0, doubled = 0, unacknowledged = 0, notChecked = 0;
        var examples = new List<string>();
        for (long number = 0; number < usedNumbers; number++)
        {
            var isAcknowledged = receipts.IsAcknowledged(number);
            acknowledged += isAcknowledged ? 1 : 0;
            if (!_users[requests.UserOf(number)].Read)
            {
                notChecked += isAcknowledged ? 1 : 0;
                continue;
            }

            switch (_seen[number], isAcknowledged)
            {
                case (0, true):
                    lost++;
                    Example("lost", $"purchase {number} of user {requests.UserId(requests.UserOf(number))}");
                    break;
                case ( > 1 and var times, _):
                    doubled++;
                    found += isAcknowledged ? 1 : 0;
                    Example("doubled", $"purchase {number} of user {requests.UserId(requests.UserOf(number))} is recorded {times} times");
                    break;
                case (1, true):
                    found++;
                    break;
                case (1, false):
                    unacknowledged++;
                    break;
            }
        }

        for (var user = 0; user < _users.Length; user++)
        {
            var state = _users[user];
            if (state.Problem is { } problem && !state.Read)
            {
                Example("not read", problem);
            }

            if (state.Altered > 0)
            {
                Example("altered", $"{state.Altered} entries of user {requests.UserId(user)} differ in id, user or price");
            }

            if (state.Foreign > 0)
            {
                Example("foreign", $"{state.Foreign} entries of user {requests.UserId(user)} that nobody bought");
            }
        }

        return new Verification
        {
            Acknowledged = acknowledged,
            Found = found,
            Lost = lost,
            Doubled = doubled,
            Altered = _users.Sum(user => (long)user.Altered),
            Foreign = _users.Sum(user => (long)user.Foreign),
            Unacknowledged = unacknowledged,
            Unchecked = notChecked,
            Elapsed = Stopwatch.GetElapsedTime(_begun),
            Examples = examples,
        };

        void Example(string kind, string text)
        {
            if (examples.Count(example => example.StartsWith(kind, StringComparison.Ordinal)) < ExamplesOfAKind)
            {
                examples.Add($"{kind}: {text}");
            }
        }
    }

    private struct UserState
    {
        public bool Bought;
        public int Acknowledged;
        public int Altered;
        public int Foreign;
        public bool Read;
        public bool GivenUp;
        public bool Finished;
        public string? Problem;
    }
}
