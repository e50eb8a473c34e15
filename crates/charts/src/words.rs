//! Numbers as people say them.

/// Minutes in the unit that suits them: `0`, `12 min`, `1.8 h`, `3.5 d`.
pub(crate) fn minutes(value: f64) -> String {
    match value {
        none if none < 0.05 => "0".to_owned(),
        few if few < 9.95 => format!("{few:.1} min"),
        some if some < 99.5 => format!("{some:.0} min"),
        hours if hours < 48.0 * 60.0 => format!("{:.1} h", hours / 60.0),
        days => format!("{:.1} d", days / 1440.0),
    }
}

/// Minutes, and less of them in seconds: `4 s`.
pub(crate) fn wait(value: f64) -> String {
    match value * 60.0 {
        instant if instant < 0.05 => "0 s".to_owned(),
        few if few < 9.95 => format!("{few:.1} s"),
        some if some < 59.5 => format!("{some:.0} s"),
        _ => minutes(value),
    }
}

/// A place on the axis of times, which holds no fractions.
pub(crate) fn tick(value: f64) -> String {
    match value {
        minutes if minutes < 60.0 => format!("{minutes:.0} min"),
        hours if hours < 1440.0 => format!("{:.0} h", hours / 60.0),
        days => format!("{:.0} d", days / 1440.0),
    }
}

/// `2.0 x`, `388 x`.
pub(crate) fn times(value: f64) -> String {
    if value < 9.95 {
        format!("{value:.1} x")
    } else {
        format!("{value:.0} x")
    }
}

/// Fewer digits after the point the more there are before it: `0.012`, `1.23`, `45.6`, `789`.
pub(crate) fn few_digits(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        little if little < 0.0995 => format!("{value:.3}"),
        some if some < 9.95 => format!("{value:.2}"),
        more if more < 99.95 => format!("{value:.1}"),
        _ => format!("{value:.0}"),
    }
}

/// A place on an axis of amounts: `0`, `0.5`, `20`, `1500`.
pub(crate) fn amount(value: f64) -> String {
    // Steps are of one digit, however small: this only takes away what was lost in adding them up.
    let rounded = (value * 1e9).round() / 1e9;
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_in_its_unit() {
        let said = [0.0, 0.2, 10.4, 59.0, 105.0, 3000.0].map(minutes);
        assert_eq!(said, ["0", "0.2 min", "10 min", "59 min", "1.8 h", "2.1 d"]);
        assert_eq!([10.0, 360.0, 1440.0].map(tick), ["10 min", "6 h", "1 d"]);
        assert_eq!([2.04, 387.8].map(times), ["2.0 x", "388 x"]);
        assert_eq!(
            [0.0, 0.05, 0.5, 3.0].map(wait),
            ["0 s", "3.0 s", "30 s", "3.0 min"]
        );
        let said = [0.0, 0.0123, 1.234, 45.64, 789.1].map(few_digits);
        assert_eq!(said, ["0", "0.012", "1.23", "45.6", "789"]);
        let said = [0.0, 0.0005, 0.1 + 0.2, 0.5, 1500.0].map(amount);
        assert_eq!(said, ["0", "0.0005", "0.3", "0.5", "1500"]);
    }
}
