using System.Globalization;
using System.Text.RegularExpressions;

namespace ShoppingSystem.Purchases;

/// <summary>
/// Points in time in the forms of ISO 8601 and RFC 3339: calendar dates, week dates (<c>2024-W03-5</c>) and ordinal dates
/// (<c>2024-019</c>), basic and extended, with or without a time of day. The framework's parsers read only a small part of
/// these.
/// </summary>
internal static partial class IsoTime
{
    // 0001-01-01 is day 0 and 9999-12-31 is day 3,652,058. A year outside this range can be written but not stored; it gets one of
    // these values.
    private const long BeforeTheFirstDay = -1_000_000;
    private const long AfterTheLastDay = 5_000_000;

    /// <summary>
    /// Reads a time. Without an offset it is UTC, without a time of day it is midnight. Parts finer than a tick are cut off.
    /// </summary>
    /// <returns>
    /// Ticks since 0001-01-01T00:00:00Z; negative or beyond <see cref="DateTime.MaxValue"/> for years out of range. Null when the
    /// text is not a point in time.
    /// </returns>
    public static long? Parse(string text)
    {
        var match = PointInTime().Match(text.Trim());
        if (!match.Success || CountDays(match) is not { } days)
        {
            return null;
        }

        var (hour, minute, second) = (Number(match, "hour"), Number(match, "minute"), Number(match, "second"));
        var timeOfDay = hour * TimeSpan.TicksPerHour + minute * TimeSpan.TicksPerMinute + second * TimeSpan.TicksPerSecond + Fraction(match);
        var offset = Number(match, "offsetHours") * TimeSpan.TicksPerHour + Number(match, "offsetMinutes") * TimeSpan.TicksPerMinute;
        var utcTicks = days * TimeSpan.TicksPerDay + timeOfDay - (Has(match, "west") ? -offset : offset);

        // Hour 24 is midnight, and nothing later. Computers don't count the leap second 23:59:60 UTC: it becomes the first second of
        // the next day. A leap second at any other time is invalid.
        var isTimeOfDay = hour < 24 || timeOfDay is TimeSpan.TicksPerDay;
        var isMinute = second < 60 || utcTicks % TimeSpan.TicksPerDay < TimeSpan.TicksPerSecond;
        return isTimeOfDay && isMinute ? utcTicks : null;
    }

    private static long? CountDays(Match match)
    {
        var (year, month, week, day) = (Number(match, "year"), Number(match, "month"), Number(match, "week"), Number(match, "day"));
        return year switch
        {
            < 1 => BeforeTheFirstDay,
            > 9999 => AfterTheLastDay,
            _ when Has(match, "month") => day <= DateTime.DaysInMonth(year, month) ? DayNumber(year, month, day) : null,

            // Week 1 of a year is the week with January 4; weeks begin on Monday, and 0001-01-01 is a Monday.
            _ when Has(match, "week") => week >= 1 && week <= ISOWeek.GetWeeksInYear(year) && day is >= 1 and <= 7
                ? DayNumber(year, 1, 4) / 7 * 7 + 7 * (week - 1) + day - 1
                : null,
            _ => day >= 1 && day <= (DateTime.IsLeapYear(year) ? 366 : 365) ? DayNumber(year, 1, 1) + day - 1 : null,
        };
    }

    private static long DayNumber(int year, int month, int day) => new DateTime(year, month, day).Ticks / TimeSpan.TicksPerDay;

    // The fraction applies to the last part that is given: seconds, minutes or hours.
    private static long Fraction(Match match)
    {
        var unit = Has(match, "second") ? TimeSpan.TicksPerSecond : Has(match, "minute") ? TimeSpan.TicksPerMinute : TimeSpan.TicksPerHour;
        return (long)(unit * decimal.Parse($"0.{match.Groups["fraction"].ValueSpan}", NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture));
    }

    private static bool Has(Match match, string part) => match.Groups[part].Success;

    private static int Number(Match match, string part) => Has(match, part) ? int.Parse(match.Groups[part].ValueSpan, CultureInfo.InvariantCulture) : 0;

    // Which days and weeks a year has is not in the pattern: CountDays knows.
    [GeneratedRegex(
        """
        \A
        (?<year> [0-9]{4} | [+-] [0-9]{6} (?=-) )                               # six digits only in the extended format

        ( -  (?<month> 0[1-9] | 1[0-2] ) - (?<day> 0[1-9] | [1-9][0-9] )        # 2024-01-19
        |    (?<month> 0[1-9] | 1[0-2] )   (?<day> 0[1-9] | [1-9][0-9] )        # 20240119
        | -? (?<day> [0-9]{3} )                                                 # 2024-019, 2024019
        | -  [Ww] (?<week> [0-9]{2} ) - (?<day> [0-9] )                         # 2024-W03-5
        |    [Ww] (?<week> [0-9]{2} )   (?<day> [0-9] )                         # 2024W035
        )

        ( ( [Tt ] | (?<= \A [0-9]{8} ) (?= [0-9]{6} ) )                         # no separator only in 20240119112000
          (?<hour> [01][0-9] | 2[0-4] )
          ( :? (?<minute> [0-5][0-9] ) ( :? (?<second> [0-5][0-9] | 60 ) )? )?
          (?> [.,] (?<fraction> [0-9]{1,18} ) [0-9]* )?
          [ ]?
          ( [Zz] | ( [+] | (?<west> -) ) (?<offsetHours> [01][0-9] | 2[0-3] ) ( :? (?<offsetMinutes> [0-5][0-9] ) )? )?
        )?
        \z
        """,
        RegexOptions.IgnorePatternWhitespace | RegexOptions.ExplicitCapture)]
    private static partial Regex PointInTime();
}
