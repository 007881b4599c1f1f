//! Numbers as people read them: durations, ages, sizes, counts, and times.
//!
//! Times are UTC, always: a model that compares two builds must not do time zones. The calendar is the proleptic
//! Gregorian one, computed with Howard Hinnant's `days_from_civil`, which a date crate would only wrap. Nothing here
//! fails except parsing, which answers `None`.

const SECOND_MS: u64 = 1_000;
const MINUTE_MS: u64 = 60 * SECOND_MS;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;
const DAY_SECONDS: i64 = 86_400;

/// `850 ms`, `4.2s`, `2m 10s`, `3h 5m`, `2d 4h`: two units at most.
#[must_use]
pub fn duration(ms: u64) -> String {
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| {
        if small == 0 { format!("{large}{large_unit}") } else { format!("{large}{large_unit} {small}{small_unit}") }
    };
    match ms {
        0..SECOND_MS => format!("{ms} ms"),
        SECOND_MS..10_000 => format!("{}.{}s", ms / SECOND_MS, ms % SECOND_MS / 100),
        10_000..MINUTE_MS => format!("{}s", ms / SECOND_MS),
        MINUTE_MS..HOUR_MS => two(ms / MINUTE_MS, "m", ms % MINUTE_MS / SECOND_MS, "s"),
        HOUR_MS..DAY_MS => two(ms / HOUR_MS, "h", ms % HOUR_MS / MINUTE_MS, "m"),
        _ => two(ms / DAY_MS, "d", ms % DAY_MS / HOUR_MS, "h"),
    }
}

/// How long ago something was: `just now`, `40s ago`, `3h ago`, `12d ago`, `2y ago`; `in 5m` for what is to come.
///
/// Up to five seconds in either direction count as now: the clocks of two machines do not agree better.
#[must_use]
pub fn age(now_ms: i64, then_ms: i64) -> String {
    let distance = now_ms.abs_diff(then_ms);
    if distance < 5 * SECOND_MS {
        return "just now".to_owned();
    }
    let rounded = match distance {
        0..MINUTE_MS => format!("{}s", distance / SECOND_MS),
        MINUTE_MS..HOUR_MS => format!("{}m", distance / MINUTE_MS),
        HOUR_MS..172_800_000 => format!("{}h", distance / HOUR_MS),
        172_800_000..63_072_000_000 => format!("{}d", distance / DAY_MS),
        _ => format!("{}y", distance / (365 * DAY_MS)),
    };
    if then_ms > now_ms { format!("in {rounded}") } else { format!("{rounded} ago") }
}

/// `512 B`, `3.1 MB`: powers of 1000, as disks and Jenkins' own pages count.
#[must_use]
pub fn bytes(count: u64) -> String {
    if count < 1000 {
        return format!("{count} B");
    }
    let mut unit = 1_000_u128;
    let mut names = ["KB", "MB", "GB", "TB", "PB", "EB"].iter();
    let mut name = names.next();
    // 999,950 would round to "1000.0 KB": the next unit begins where rounding would reach it.
    while u128::from(count) * 20 >= unit * 19_999 {
        let Some(next) = names.next() else { break };
        name = Some(next);
        unit *= 1000;
    }
    let tenths = (u128::from(count) * 10 + unit / 2) / unit;
    format!("{}.{} {}", tenths / 10, tenths % 10, name.copied().unwrap_or("EB"))
}

/// `42,000`.
#[must_use]
pub fn number(count: u64) -> String {
    let digits = count.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// `1 test`, `412 tests`, `0 matches`, `3 entries`.
#[must_use]
pub fn count(how_many: u64, noun: &str) -> String {
    format!("{} {}", number(how_many), plural(how_many, noun))
}

/// The noun as it stands after that number.
#[must_use]
pub fn plural(how_many: u64, noun: &str) -> String {
    if how_many == 1 {
        return noun.to_owned();
    }
    let consonant_y = noun.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'i', 'o', 'u']));
    if let Some(stem) = consonant_y {
        format!("{stem}ies")
    } else if ["s", "x", "ch", "sh"].iter().any(|end| noun.ends_with(end)) {
        format!("{noun}es")
    } else {
        format!("{noun}s")
    }
}

/// RFC 3339 in UTC, `2026-11-24T01:00:08Z`; milliseconds only when there are any.
#[must_use]
pub fn rfc3339(epoch_ms: i64) -> String {
    let seconds = epoch_ms.div_euclid(1000);
    let millis = epoch_ms.rem_euclid(1000);
    let (year, month, day) = civil(seconds.div_euclid(DAY_SECONDS));
    let second = seconds.rem_euclid(DAY_SECONDS);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let fraction = if millis == 0 { String::new() } else { format!(".{millis:03}") };
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z")
}

/// Milliseconds since the epoch of an RFC 3339 time; a date alone means its midnight, a time without zone means UTC.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<i64> {
    let text = text.trim();
    let (date, time) = match text.get(10..11) {
        None => (text, "00:00:00Z"),
        Some("T" | "t" | " ") => (text.get(..10)?, text.get(11..)?),
        Some(_) => return None,
    };
    let mut parts = date.split('-');
    let (year, month, day) = (digits(parts.next()?, 4)?, digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let days = days_from_civil(year, month, day);
    // Round trip: the 31st of April is not the 1st of May.
    if parts.next().is_some() || civil(days) != (year, month, day) {
        return None;
    }
    Some((days * DAY_SECONDS) * 1000 + time_of_day_ms(time)?)
}

fn time_of_day_ms(text: &str) -> Option<i64> {
    let zone_at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (clock, zone) = text.split_at(zone_at);
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let mut parts = clock.split(':');
    let (hour, minute) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let second = parts.next().map_or(Some(0), |second| digits(second, 2))?;
    if parts.next().is_some() || hour > 23 || minute > 59 || second > 60 || fraction.is_empty() {
        return None;
    }
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let millis: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    Some(((hour * 60 + minute) * 60 + second) * 1000 + millis - zone_ms(zone)?)
}

fn zone_ms(zone: &str) -> Option<i64> {
    let sign = match zone.chars().next() {
        None | Some('Z' | 'z') => return (zone.len() <= 1).then_some(0),
        Some('-') => -1,
        Some(_) => 1,
    };
    let clock = zone.get(1..)?;
    let (hour, minute) = clock.split_once(':').or_else(|| Some((clock.get(..2)?, clock.get(2..)?)))?;
    let (hour, minute) = (digits(hour, 2)?, digits(minute, 2)?);
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 60 + minute) * 60_000)
}

fn digits(text: &str, len: usize) -> Option<i64> {
    (text.len() == len && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_read_like_a_clock() {
        let wanted = [
            (0, "0 ms"),
            (850, "850 ms"),
            (4_250, "4.2s"),
            (42_900, "42s"),
            (130_000, "2m 10s"),
            (120_000, "2m"),
            (11_100_000, "3h 5m"),
            (187_200_000, "2d 4h"),
        ];
        for (ms, text) in wanted {
            assert_eq!(duration(ms), text);
        }
    }

    #[test]
    fn ages_point_both_ways_and_forgive_clocks_that_disagree() {
        let now = 1_795_482_000_000;
        let wanted = [(2_000, "just now"), (-3_000, "just now"), (40_000, "40s ago"), (10_800_000, "3h ago"), (-300_000, "in 5m")];
        for (before, text) in wanted {
            assert_eq!(age(now, now - before), text);
        }
        assert_eq!(age(now, 0), "56y ago");
        assert_eq!(age(i64::MAX, i64::MIN), "584942417y ago");
    }

    #[test]
    fn sizes_never_show_a_thousand_of_a_unit() {
        let wanted = [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 KB"),
            (3_146_793, "3.1 MB"),
            (999_949, "999.9 KB"),
            (999_950, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ];
        for (size, text) in wanted {
            assert_eq!(bytes(size), text);
        }
    }

    #[test]
    fn counts_agree_with_their_noun() {
        assert_eq!(count(1, "test"), "1 test");
        assert_eq!(count(42_000, "line"), "42,000 lines");
        assert_eq!(count(0, "match"), "0 matches");
        assert_eq!(count(2, "entry"), "2 entries");
        assert_eq!(count(2, "day"), "2 days");
    }

    #[test]
    fn times_are_utc_with_milliseconds_only_when_there_are_any() {
        assert_eq!(rfc3339(1_795_482_008_697), "2026-11-24T01:00:08.697Z");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
    }

    #[test]
    fn zones_dates_alone_and_missing_seconds_are_understood() {
        assert_eq!(parse_rfc3339("2026-11-24T02:00:08.697+01:00"), Some(1_795_482_008_697));
        assert_eq!(parse_rfc3339("2026-11-24 01:00:08.697123"), Some(1_795_482_008_697));
        assert_eq!(parse_rfc3339("2026-11-24T01:00:08.6-0000"), Some(1_795_482_008_600));
        assert_eq!(parse_rfc3339("2026-11-24"), Some(1_795_478_400_000));
        assert_eq!(parse_rfc3339("2026-11-24T01:00Z"), Some(1_795_482_000_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "yesterday",
            "2026-04-31",
            "2026-13-01",
            "2026-11-24T25:00:00Z",
            "2026-11-24T01:00:08Zulu",
            "2026-11-24T01:00:08.Z",
            "2026-1-2",
            "2026-11-24x01:00",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_time_survives_the_round_trip(ms in -62_000_000_000_000_i64..253_402_300_799_999) {
            prop_assert_eq!(parse_rfc3339(&rfc3339(ms)), Some(ms));
        }

        #[test]
        fn parsing_never_panics(text in "\\PC{0,30}") {
            let _ = parse_rfc3339(&text);
        }
    }
}
