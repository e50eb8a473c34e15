//! Formats of tables: `%.18i %9P` of `squeue -o`, `jobid:10,name` of `-O`, `JobID%20,State` of `sacct`.

/// A piece of a line: words between the fields, or a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<F> {
    Text(String),
    Field(Column<F>),
}

/// A field, and how wide it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column<F> {
    pub field: F,
    /// Longer values are cut. `None`: as wide as they are.
    pub width: Option<usize>,
    pub right: bool,
}

/// Reads `%.18i %9P`: a percent sign, a point for the right side, a width, a letter.
pub fn percent<F>(
    format: &str,
    known: impl Fn(char) -> Result<F, String>,
) -> Result<Vec<Piece<F>>, String> {
    let mut pieces = vec![];
    let mut text = String::new();
    let mut chars = format.chars().peekable();
    while let Some(ch) = chars.next() {
        if ch != '%' {
            text.push(ch);
            continue;
        }
        let right = chars.next_if_eq(&'.').is_some();
        let mut width = String::new();
        while let Some(digit) = chars.next_if(char::is_ascii_digit) {
            width.push(digit);
        }
        let letter = chars
            .next()
            .ok_or_else(|| format!("The format '{format}' ends in the middle of a field."))?;
        if letter == '%' {
            text.push('%');
            continue;
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut text)));
        }
        pieces.push(Piece::Field(Column {
            field: known(letter)?,
            width: width.parse().ok(),
            right,
        }));
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    Ok(pieces)
}

/// Reads `jobid:10,name:.20`; a field is 20 wide unless it says otherwise.
pub fn named<F>(
    format: &str,
    known: impl Fn(&str) -> Result<F, String>,
) -> Result<Vec<Piece<F>>, String> {
    let parts = format
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let one = |part: &str| {
        let (name, width) = part.split_once(':').unwrap_or((part, ""));
        let right = width.starts_with('.');
        let width = width.trim_start_matches('.');
        let width = if width.is_empty() {
            20
        } else {
            let number = width.parse();
            number.map_err(|_| format!("'{part}': '{width}' is not a width."))?
        };
        Ok(Piece::Field(Column {
            field: known(name)?,
            width: Some(width),
            right,
        }))
    };
    parts.map(one).collect()
}

/// A line of values, without spaces at its end.
pub fn line<F>(pieces: &[Piece<F>], value: impl Fn(&F) -> String) -> String {
    let one = |piece: &Piece<F>| match piece {
        Piece::Text(text) => text.clone(),
        Piece::Field(column) => {
            let value = value(&column.field);
            match (column.width, column.right) {
                (None, _) => value,
                (Some(width), right) => fitted(&value, width, right),
            }
        }
    };
    let line: String = pieces.iter().map(one).collect();
    line.trim_end().to_owned()
}

/// Cut or filled with spaces.
pub fn fitted(value: &str, width: usize, right: bool) -> String {
    let cut: String = value.chars().take(width).collect();
    if right {
        format!("{cut:>width$}")
    } else {
        format!("{cut:<width$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(ch: char) -> Result<char, String> {
        if ch == '!' {
            Err("not known".to_owned())
        } else {
            Ok(ch)
        }
    }

    #[test]
    fn widths_and_sides() {
        let value = |field: &char| match field {
            'i' => "17".to_owned(),
            _ => "abcdef".to_owned(),
        };
        for (format, expected) in [
            ("%.5i %j", "   17 abcdef"),
            ("%5i|%.3j|", "17   |abc|"),
            ("%i%%", "17%"),
            ("job=%i", "job=17"),
        ] {
            assert_eq!(line(&percent(format, letter).unwrap(), value), expected);
        }
        assert!(percent("%", letter).is_err() && percent("%5", letter).is_err());
        assert!(percent("%!", letter).is_err());
    }

    #[test]
    fn fields_by_name() {
        let known = |name: &str| Ok(name.to_owned());
        let pieces = named("jobid:6,name:.8,x", known).unwrap();
        let text = line(&pieces, Clone::clone);
        assert_eq!(text, "jobid     namex");
        assert!(named("jobid:wide", known).is_err());
    }
}
