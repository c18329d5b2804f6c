//! Numbers, sizes, times and foreign text as a person reads them.

use std::borrow::Cow;

use medward_model::Timestamp;

/// `text` with control, direction-changing and invisible characters shown as `\u{…}`, so that what stood on the wire
/// can neither drive a terminal nor disguise itself.
pub(crate) fn clean(text: &str) -> String {
    cleaned(text).into_owned()
}

/// The same, without a copy where there is nothing to show.
pub(crate) fn cleaned(text: &str) -> Cow<'_, str> {
    // Nearly all text is of these.
    if text.bytes().fold(true, |plain, byte| plain & (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// 1234567 is "1,234,567".
pub(crate) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut said = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            said.push(',');
        }
        said.push(digit);
    }
    said
}

/// A count with its noun: "1 device", "2,000 devices".
pub(crate) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(n as u64), if n == 1 { one } else { many })
}

/// Bytes in decimal units: "512 B", "1.2 MB".
pub(crate) fn bytes(n: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64 / 1000.0;
    let mut unit = "kB";
    for next in UNITS.iter().skip(1) {
        if value < 999.95 {
            break;
        }
        value /= 1000.0;
        unit = next;
    }
    format!("{value:.1} {unit}")
}

/// A share of 0 to 1 as percent; never rounds up to 100.
pub(crate) fn percent(share: f64) -> String {
    let whole = (share * 100.0).round().clamp(0.0, 99.0);
    format!("{whole:.0} %")
}

/// "2026-11-22 05:00:12 UTC"
pub(crate) fn moment(time: Timestamp) -> String {
    format!("{} UTC", second(time))
}

/// "2026-11-22 05:00:12"
pub(crate) fn second(time: Timestamp) -> String {
    let text = time.to_string();
    match text.split_once('T') {
        Some((date, clock)) => format!("{date} {}", clock.get(..8).unwrap_or(clock)),
        None => text,
    }
}

/// The time of day where `day` is the same day, otherwise day and time.
pub(crate) fn second_of(time: Timestamp, day: Option<Timestamp>) -> String {
    let whole = second(time);
    match (whole.split_once(' '), day.map(second)) {
        (Some((date, clock)), Some(other)) if other.starts_with(date) => clock.to_owned(),
        _ => whole,
    }
}

/// A span of seconds: "12 s", "5 min", "2 h 10 min", "3 days 4 h".
pub(crate) fn span(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, 0) => format!("{hours} h"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        (1, 0, _) => "1 day".to_owned(),
        (1, _, _) => format!("1 day {hours} h"),
        (_, 0, _) => format!("{days} days"),
        _ => format!("{days} days {hours} h"),
    }
}

/// "a", "a and b", "a, b and c".
pub(crate) fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, clean, count, list, number, percent, second_of, span};
    use medward_model::Timestamp;

    #[test]
    fn numbers_read_well() {
        assert_eq!([0, 999, 1000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([999, 1000, 999_999, 1_500_000].map(bytes), ["999 B", "1.0 kB", "1.0 MB", "1.5 MB"]);
        assert_eq!(bytes(u64::MAX), "18.4 EB");
        assert_eq!([0.0, 0.874, 0.999, 2.0].map(percent), ["0 %", "87 %", "99 %", "99 %"]);
        assert_eq!([59, 60, 7800, 90_000].map(span), ["59 s", "1 min", "2 h 10 min", "1 day 1 h"]);
        assert_eq!(count(1, "device", "devices"), "1 device");
        assert_eq!(list(&["a", "b", "c"].map(String::from)), "a, b and c");
    }

    #[test]
    fn a_time_on_another_day_has_its_date() {
        let noon = Timestamp::from_parts(1_795_348_800, 5);
        assert_eq!(second_of(noon, Some(noon)), "12:00:00");
        assert_eq!(second_of(noon, Some(noon.plus_seconds(86_400))), "2026-11-22 12:00:00");
    }

    #[test]
    fn nothing_from_the_wire_drives_the_terminal() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\u{200b}é"), "a\\u{1b}[31m\\u{202e}b\\u{200b}é");
    }
}
