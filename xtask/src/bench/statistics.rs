//! Medians, spreads, ratios and what they are worth.

use std::fmt;

/// Median and quartiles of a sample.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Summary {
    /// A quarter of the values is below it.
    pub lower: f64,
    /// Half of them.
    pub median: f64,
    /// Three quarters.
    pub upper: f64,
}

impl Summary {
    /// Sums a sample up; `None` when it is empty.
    #[must_use]
    pub fn of(sample: &[f64]) -> Option<Self> {
        let mut sorted = sample.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        // Between two neighbours where no value stands right at the place.
        let at = |quarters: usize| {
            let (place, rest) = (quarters * last / 4, (quarters * last % 4) as f64 / 4.0);
            let (here, next) = (sorted[place], sorted[(place + 1).min(last)]);
            here + rest * (next - here)
        };
        Some(Self { lower: at(1), median: at(2), upper: at(3) })
    }

    /// The ratios of two samples, round by round: what slowed a round down slowed both.
    #[must_use]
    pub fn of_ratios(above: &[f64], below: &[f64]) -> Option<Self> {
        let ratios: Vec<f64> = above.iter().zip(below).map(|(above, below)| above / below).collect();
        Self::of(&ratios)
    }
}

/// What a number is measured against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bounds {
    /// Smaller is better.
    AtMost {
        /// More than this is a miss.
        hold: f64,
        /// What is wanted.
        aim: f64,
    },
    /// Larger is better.
    AtLeast {
        /// Less than this is a miss.
        hold: f64,
        /// What is wanted.
        aim: f64,
    },
}

impl Bounds {
    /// What a number is worth.
    #[must_use]
    pub fn judge(self, number: f64) -> Verdict {
        let (holds, aimed) = match self {
            Self::AtMost { hold, aim } => (number <= hold, number <= aim),
            Self::AtLeast { hold, aim } => (number >= hold, number >= aim),
        };
        match (holds, aimed) {
            (_, true) => Verdict::Aim,
            (true, false) => Verdict::Held,
            // Not a number is a miss, too.
            (false, false) => Verdict::Missed,
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost { hold, aim } => write!(f, "hold <= {hold}, aim <= {aim}"),
            Self::AtLeast { hold, aim } => write!(f, "hold >= {hold}, aim >= {aim}"),
        }
    }
}

/// What a number is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As good as is wanted.
    Aim,
    /// Good enough.
    Held,
    /// Not good enough.
    Missed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Aim => "aim",
            Self::Held => "held",
            Self::Missed => "MISSED",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles() {
        let summary = |sample: &[f64]| Summary::of(sample).map(|s| (s.lower, s.median, s.upper));
        assert_eq!(summary(&[]), None);
        assert_eq!(summary(&[7.0]), Some((7.0, 7.0, 7.0)));
        assert_eq!(summary(&[3.0, 1.0]), Some((1.5, 2.0, 2.5)));
        assert_eq!(summary(&[5.0, 1.0, 4.0, 2.0, 3.0]), Some((2.0, 3.0, 4.0)));
        assert_eq!(summary(&[1.0, 2.0, 3.0, 100.0]), Some((1.75, 2.5, 27.25)));
    }

    #[test]
    fn a_round_that_was_slow_for_both_changes_no_ratio() {
        let ratios = Summary::of_ratios(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]);
        assert_eq!(ratios.map(|ratios| (ratios.lower, ratios.median, ratios.upper)), Some((2.0, 2.0, 2.0)));
    }

    #[test]
    fn verdicts() {
        let most = Bounds::AtMost { hold: 1.4, aim: 1.25 };
        let least = Bounds::AtLeast { hold: 20.0, aim: 30.0 };
        for (bounds, number, verdict) in [
            (most, 1.25, "aim"),
            (most, 1.26, "held"),
            (most, 1.4, "held"),
            (most, 1.41, "MISSED"),
            (most, f64::NAN, "MISSED"),
            (least, 30.0, "aim"),
            (least, 29.9, "held"),
            (least, 20.0, "held"),
            (least, 19.9, "MISSED"),
            (least, f64::NAN, "MISSED"),
        ] {
            assert_eq!(bounds.judge(number).to_string(), verdict, "{number} of {bounds}");
        }
    }
}
