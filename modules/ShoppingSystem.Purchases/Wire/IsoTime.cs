using System.Globalization;

namespace ShoppingSystem.Purchases;

/// <summary>
/// Points in time in the forms of ISO 8601 and RFC 3339: calendar dates, week dates (<c>2024-W03-5</c>) and ordinal dates
/// (<c>2024-019</c>), basic and extended, with or without a time of day. The framework's parsers read only a small part of
/// these.
/// </summary>
internal static class IsoTime
{
    private const int LeapSecond = 60;
    private const int MostFractionDigits = 18;

    // 0001-01-01 is day 0 and 9999-12-31 is day 3,652,058. A year outside this range can be written but not stored; it gets one of
    // these values.
    private const long BeforeTheFirstDay = -1_000_000;
    private const long AfterTheLastDay = 5_000_000;

    /// <summary>
    /// Reads a time. Without an offset it is UTC, without a time of day it is midnight. Parts finer than a tick are cut off.
    /// </summary>
    /// <param name="text">The text.</param>
    /// <param name="utcTicks">
    /// Ticks since 0001-01-01T00:00:00Z; negative or beyond <see cref="DateTime.MaxValue"/> for years out of range.
    /// </param>
    /// <returns>False when the text is not a point in time.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long utcTicks)
    {
        utcTicks = 0;
        var rest = text.Trim();
        if (!TryTakeDate(ref rest, out var days, out var isRunTogether))
        {
            return false;
        }

        utcTicks = days * TimeSpan.TicksPerDay;
        if (rest.IsEmpty)
        {
            return true;
        }

        if ((!isRunTogether && !TryTake(ref rest, "Tt "))
            || !TryTakeTimeOfDay(ref rest, out var ticks, out var isLeapSecond) || !TryTakeOffset(ref rest, out var offset) || !rest.IsEmpty)
        {
            return false;
        }

        utcTicks += ticks - offset;

        // Computers don't count the leap second 23:59:60 UTC: it becomes the first second of the next day. A leap second at any
        // other time is invalid.
        return !isLeapSecond || utcTicks % TimeSpan.TicksPerDay < TimeSpan.TicksPerSecond;
    }

    private static bool TryTakeDate(ref ReadOnlySpan<char> rest, out long days, out bool isRunTogether)
    {
        (days, isRunTogether) = (0, false);
        var isNegative = rest is ['-', ..];
        var isExpanded = TryTake(ref rest, "+-");
        if (!TryTake(ref rest, isExpanded ? 6 : 4, out var year))
        {
            return false;
        }

        var isExtended = TryTake(ref rest, "-");
        if (isExpanded && !isExtended)
        {
            return false;
        }

        int month, day;
        year = isNegative ? -year : year;
        if (TryTake(ref rest, "Ww"))
        {
            return TryTake(ref rest, 2, out var week) && (!isExtended || TryTake(ref rest, "-")) && TryTake(ref rest, 1, out day)
                && TryCountWeeks(year, week, day, out days);
        }

        switch (isExtended, CountDigits(rest))
        {
            case (_, 3):
                return TryTake(ref rest, 3, out day) && TryCountDays(year, day, out days);
            case (true, 2):
                return TryTake(ref rest, 2, out month) && TryTake(ref rest, "-") && TryTake(ref rest, 2, out day)
                    && TryCountDays(year, month, day, out days);
            case (false, 4 or 10):
                // Ten digits are a date and a time of day without a separator.
                isRunTogether = CountDigits(rest) is 10;
                return TryTake(ref rest, 2, out month) && TryTake(ref rest, 2, out day) && TryCountDays(year, month, day, out days);
            default:
                return false;
        }
    }

    private static bool TryCountDays(int year, int month, int day, out long days)
    {
        if (month is < 1 or > 12 || day < 1)
        {
            days = 0;
            return false;
        }

        return TryCount(year, y => day <= DateTime.DaysInMonth(y, month) ? DayNumber(y, month, day) : null, out days);
    }

    private static bool TryCountDays(int year, int day, out long days) =>
        TryCount(year, y => day >= 1 && day <= (DateTime.IsLeapYear(y) ? 366 : 365) ? DayNumber(y, 1, 1) + day - 1 : null, out days);

    // Week 1 of a year is the week with January 4; weeks begin on Monday, and 0001-01-01 is a Monday.
    private static bool TryCountWeeks(int year, int week, int day, out long days) =>
        TryCount(
            year,
            y => week >= 1 && week <= ISOWeek.GetWeeksInYear(y) && day is >= 1 and <= 7 ? DayNumber(y, 1, 4) / 7 * 7 + 7 * (week - 1) + day - 1 : null,
            out days);

    private static bool TryCount(int year, Func<int, long?> count, out long days)
    {
        var counted = year switch
        {
            < 1 => BeforeTheFirstDay,
            > 9999 => AfterTheLastDay,
            _ => count(year),
        };
        days = counted ?? 0;
        return counted is not null;
    }

    private static long DayNumber(int year, int month, int day) => new DateTime(year, month, day).Ticks / TimeSpan.TicksPerDay;

    private static bool TryTakeTimeOfDay(ref ReadOnlySpan<char> rest, out long ticks, out bool isLeapSecond)
    {
        var (minute, second, unit) = (0, 0, TimeSpan.TicksPerHour);
        (ticks, isLeapSecond) = (0, false);
        if (!TryTake(ref rest, 2, out var hour))
        {
            return false;
        }

        if (TryTakeNext(ref rest, out minute))
        {
            unit = TimeSpan.TicksPerMinute;
            if (TryTakeNext(ref rest, out second))
            {
                unit = TimeSpan.TicksPerSecond;
            }
        }

        var fraction = 0L;
        if (TryTake(ref rest, ".,") && !TryTakeFraction(ref rest, unit, out fraction))
        {
            return false;
        }

        ticks = hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute + second * TimeSpan.TicksPerSecond + fraction;
        isLeapSecond = second is LeapSecond;
        return minute < 60 && second <= LeapSecond && (hour < 24 || ticks == TimeSpan.TicksPerDay);
    }

    // The fraction applies to the last part that is given: seconds, minutes or hours.
    private static bool TryTakeFraction(ref ReadOnlySpan<char> rest, long unit, out long ticks)
    {
        var digits = CountDigits(rest);
        Int128 fraction = 0, scale = 1;
        foreach (var digit in rest[..Math.Min(digits, MostFractionDigits)])
        {
            (fraction, scale) = (fraction * 10 + (digit - '0'), scale * 10);
        }

        rest = rest[digits..];
        ticks = (long)(unit * fraction / scale);
        return digits > 0;
    }

    private static bool TryTakeOffset(ref ReadOnlySpan<char> rest, out long ticks)
    {
        ticks = 0;
        TryTake(ref rest, " ");
        if (rest.IsEmpty || TryTake(ref rest, "Zz"))
        {
            return true;
        }

        var isNegative = rest is ['-', ..];
        if (!TryTake(ref rest, "+-") || !TryTake(ref rest, 2, out var hours))
        {
            return false;
        }

        TryTakeNext(ref rest, out var minutes);
        ticks = (isNegative ? -1 : 1) * (hours * TimeSpan.TicksPerHour + minutes * TimeSpan.TicksPerMinute);
        return hours < 24 && minutes < 60;
    }

    // Two more digits, with or without a colon before them.
    private static bool TryTakeNext(ref ReadOnlySpan<char> rest, out int value)
    {
        var next = rest;
        TryTake(ref next, ":");
        if (!TryTake(ref next, 2, out value))
        {
            value = 0;
            return false;
        }

        rest = next;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> rest, int digits, out int value)
    {
        value = 0;
        if (CountDigits(rest) < digits)
        {
            return false;
        }

        foreach (var digit in rest[..digits])
        {
            value = value * 10 + (digit - '0');
        }

        rest = rest[digits..];
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> rest, ReadOnlySpan<char> anyOf)
    {
        if (rest.IsEmpty || !anyOf.Contains(rest[0]))
        {
            return false;
        }

        rest = rest[1..];
        return true;
    }

    private static int CountDigits(ReadOnlySpan<char> text)
    {
        var count = text.IndexOfAnyExceptInRange('0', '9');
        return count < 0 ? text.Length : count;
    }
}
