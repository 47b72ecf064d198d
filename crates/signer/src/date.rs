//! The time of a signature.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::Offset;

use crate::error::DateError;

/// The time of a signature in UTC and whole seconds, written `YYYYMMDDTHHMMSSZ`.
///
/// This is the value of the `X-Sdk-Date` header. The years 0000 to 9999 can be written; the last day of the year
/// 9999 is refused. The crate has no clock: the time comes from the caller, as a [`SystemTime`] or in seconds.
///
/// ```
/// use sdk_hmac_sha256::SigningDate;
///
/// let date: SigningDate = "20260102T030405Z".parse()?;
/// assert_eq!(date, SigningDate::from_unix_seconds(1_767_323_045)?);
/// assert_eq!(date.to_string(), "20260102T030405Z");
/// # Ok::<(), sdk_hmac_sha256::DateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SigningDate {
    seconds: i64,
    text: [u8; 16],
}

impl SigningDate {
    /// The date of a number of seconds since 1970-01-01T00:00:00Z, negative ones being before it.
    ///
    /// # Errors
    ///
    /// [`DateError::OutOfRange`] when the year is not between 0000 and 9999.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self, DateError> {
        let timestamp = Timestamp::from_second(seconds).map_err(|_| DateError::OutOfRange)?;
        let utc = Offset::UTC.to_datetime(timestamp);
        let year = u16::try_from(utc.year()).map_err(|_| DateError::OutOfRange)?;
        let mut text = *b"00000000T000000Z";
        let two = |number: i8| u16::from(number.unsigned_abs());
        for (place, number) in [
            (0, year / 100),
            (2, year % 100),
            (4, two(utc.month())),
            (6, two(utc.day())),
            (9, two(utc.hour())),
            (11, two(utc.minute())),
            (13, two(utc.second())),
        ] {
            text[place] += (number / 10 % 10) as u8;
            text[place + 1] += (number % 10) as u8;
        }
        Ok(Self { seconds, text })
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn unix_seconds(&self) -> i64 {
        self.seconds
    }

    /// The value of the `X-Sdk-Date` header.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The bytes are ASCII digits, `T` and `Z`.
        str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The time between two dates, whichever is the earlier.
    #[must_use]
    pub fn abs_diff(&self, other: Self) -> Duration {
        Duration::from_secs(self.seconds.abs_diff(other.seconds))
    }
}

impl TryFrom<SystemTime> for SigningDate {
    type Error = DateError;

    /// Drops the fraction of the second.
    ///
    /// # Errors
    ///
    /// [`DateError::OutOfRange`] when the year is not between 0000 and 9999.
    fn try_from(time: SystemTime) -> Result<Self, DateError> {
        let seconds = match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_secs()).ok(),
            Err(before) => {
                let before = before.duration();
                let whole = i64::try_from(before.as_secs()).ok();
                // Towards the past on both sides of 1970, so that equal steps stay equal.
                whole.and_then(|whole| (-whole).checked_sub(i64::from(before.subsec_nanos() > 0)))
            }
        };
        Self::from_unix_seconds(seconds.ok_or(DateError::OutOfRange)?)
    }
}

impl FromStr for SigningDate {
    type Err = DateError;

    /// Reads exactly `YYYYMMDDTHHMMSSZ`; neither another form nor a leap second is read.
    ///
    /// # Errors
    ///
    /// [`DateError::Malformed`] for any other text, including dates that no calendar has.
    fn from_str(text: &str) -> Result<Self, DateError> {
        let bytes: [u8; 16] = text.as_bytes().try_into().map_err(|_| DateError::Malformed)?;
        let separators = bytes[8] == b'T' && bytes[15] == b'Z';
        let digits = bytes[..8].iter().chain(&bytes[9..15]).all(u8::is_ascii_digit);
        if !separators || !digits {
            return Err(DateError::Malformed);
        }
        let two = |place: usize| (bytes[place] - b'0') as i8 * 10 + (bytes[place + 1] - b'0') as i8;
        let year = i16::from(two(0)) * 100 + i16::from(two(2));
        let civil = DateTime::new(year, two(4), two(6), two(9), two(11), two(13), 0)
            .map_err(|_| DateError::Malformed)?;
        let timestamp = Offset::UTC.to_timestamp(civil).map_err(|_| DateError::OutOfRange)?;
        Ok(Self { seconds: timestamp.as_second(), text: bytes })
    }
}

impl fmt::Display for SigningDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for SigningDate {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SigningDate({})", self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("19691231T235959Z", -1),
            ("20060102T150405Z", 1_136_214_245),
            ("20260102T030405Z", 1_767_323_045),
            ("20280229T235959Z", 1_835_481_599),
            ("00000101T000000Z", -62_167_219_200),
            ("99991230T220000Z", 253_402_207_200),
        ] {
            let date: SigningDate = text.parse().unwrap();
            assert_eq!(date.unix_seconds(), seconds, "{text}");
            assert_eq!(SigningDate::from_unix_seconds(seconds).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_no_calendar_has() {
        for text in [
            "",
            "20260102T030405",
            "20260102T030405z",
            "20260102t030405Z",
            "2026-01-02T03:04",
            "20260102 030405Z",
            "20270229T000000Z",
            "20261301T000000Z",
            "20260100T000000Z",
            "20260102T240000Z",
            "20260102T006000Z",
            "20260102T000060Z",
            "+2026102T030405Z",
            "２０２60102Z",
        ] {
            assert_eq!(text.parse::<SigningDate>(), Err(DateError::Malformed), "{text:?}");
        }
        assert_eq!("99991231T235959Z".parse::<SigningDate>(), Err(DateError::OutOfRange));
    }

    #[test]
    fn system_times() {
        let second = Duration::from_secs(1);
        let epoch = SystemTime::UNIX_EPOCH;
        let of = |time: SystemTime| SigningDate::try_from(time).map(|date| date.unix_seconds());
        assert_eq!(of(epoch + second * 3 / 2), Ok(1));
        assert_eq!(of(epoch - second), Ok(-1));
        assert_eq!(of(epoch - second * 3 / 2), Ok(-2));
        assert_eq!(of(epoch + second * 4_000_000_000 * 100), Err(DateError::OutOfRange));
        assert_eq!(SigningDate::from_unix_seconds(i64::MIN), Err(DateError::OutOfRange));
        assert_eq!(SigningDate::from_unix_seconds(i64::MAX), Err(DateError::OutOfRange));
        assert_eq!(SigningDate::from_unix_seconds(-62_167_219_201), Err(DateError::OutOfRange));
    }

    #[test]
    fn distance_has_no_direction() {
        let [early, late] = [-5, 10].map(|seconds| SigningDate::from_unix_seconds(seconds).unwrap());
        assert_eq!(early.abs_diff(late), Duration::from_secs(15));
        assert_eq!(late.abs_diff(early), Duration::from_secs(15));
    }
}
