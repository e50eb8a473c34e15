//! Names as people write them, and the user names that they stand for.

use crate::Refusal;

/// What stands in a cell where nobody booked.
const NOBODY: [&str; 14] = [
    "-",
    "--",
    "–",
    "—",
    "free",
    "frei",
    "n/a",
    "na",
    "none",
    "nobody",
    "niemand",
    "available",
    "tbd",
    "?",
];

/// Who a cell names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Named {
    Nobody,
    Person {
        name: String,
        /// What stood in brackets behind the name.
        note: Option<String>,
    },
}

/// How a column writes names with a comma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Commas {
    /// `Müller, Ana` is one person.
    Within,
    /// `ana, bo` are two.
    Between,
}

impl Commas {
    /// Most names have exactly one comma where family names come first.
    pub fn of<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<&str> = cells.filter(|cell| !cell.is_empty()).collect();
        let with = names.iter().filter(|cell| cell.matches(',').count() == 1);
        let with = with.count();
        if with >= 2 && with * 3 >= names.len() * 2 {
            Commas::Within
        } else {
            Commas::Between
        }
    }
}

pub(crate) fn named(cell: &str, commas: Commas) -> Result<Named, Refusal> {
    let cell = cell.trim();
    if cell.is_empty() || NOBODY.contains(&cell.to_lowercase().as_str()) {
        return Ok(Named::Nobody);
    }
    let (name, note) = match cell.split_once(['(', '[']) {
        Some((name, rest)) if !name.trim().is_empty() => {
            let note = rest.trim().trim_end_matches([')', ']']).trim();
            (name.trim(), Some(note.to_owned()))
        }
        _ => (cell, None),
    };
    let note = note.filter(|note| !note.is_empty());
    if commas == Commas::Within
        && let Some((family, given)) = name.split_once(',')
        && !given.contains(',')
    {
        let name = format!("{} {}", given.trim(), family.trim());
        let name = name.trim().to_owned();
        return Ok(Named::Person { name, note });
    }
    let lower = name.to_lowercase();
    let between = [" and ", " und ", " & ", "&", "+", "/", ";", ","];
    if between.iter().any(|word| lower.contains(word)) {
        let text = cell.to_owned();
        return Err(Refusal::SeveralPeople { text });
    }
    let name = name.to_owned();
    Ok(Named::Person { name, note })
}

/// The user name that somebody of this name is likely to have: `Ana Müller` is `ana.mueller`, and an
/// address stands for what is before its `@`. `None` where no letter is left.
#[must_use]
pub fn user_name(written: &str) -> Option<String> {
    let written = written.trim();
    let written = written.split_once('@').map_or(written, |(name, _)| name);
    let mut name = String::new();
    for ch in written.to_lowercase().chars() {
        match ch {
            'a'..='z' | '0'..='9' | '_' | '-' => name.push(ch),
            '.' | ' ' if !name.ends_with('.') => name.push('.'),
            'ä' | 'æ' => name.push_str("ae"),
            'ö' | 'œ' => name.push_str("oe"),
            'ü' => name.push_str("ue"),
            'ß' => name.push_str("ss"),
            'à' | 'á' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => name.push('a'),
            'ç' | 'ć' | 'č' => name.push('c'),
            'ď' | 'đ' | 'ð' => name.push('d'),
            'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => name.push('e'),
            'ğ' => name.push('g'),
            'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => name.push('i'),
            'ł' | 'ľ' => name.push('l'),
            'ñ' | 'ń' | 'ň' => name.push('n'),
            'ò' | 'ó' | 'ô' | 'õ' | 'ø' | 'ō' | 'ő' => name.push('o'),
            'ř' => name.push('r'),
            'ś' | 'š' | 'ş' | 'ș' => name.push('s'),
            'ť' | 'ţ' | 'ț' => name.push('t'),
            'ù' | 'ú' | 'û' | 'ū' | 'ů' | 'ű' => name.push('u'),
            'ý' | 'ÿ' => name.push('y'),
            'ź' | 'ż' | 'ž' => name.push('z'),
            _ => {}
        }
    }
    let name = name.trim_matches(['.', '-', '_']);
    let named = name.chars().any(|ch| ch.is_ascii_alphabetic()) && name.len() <= 64;
    named.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(name: &str, note: Option<&str>) -> Result<Named, Refusal> {
        Ok(Named::Person {
            name: name.to_owned(),
            note: note.map(str::to_owned),
        })
    }

    #[test]
    fn a_cell_names_one_person_or_nobody() {
        let between = Commas::Between;
        assert_eq!(named("Ana Müller", between), person("Ana Müller", None));
        assert_eq!(named("ana (eval)", between), person("ana", Some("eval")));
        assert_eq!(named(" free ", between), Ok(Named::Nobody));
        assert_eq!(
            named("Müller, Ana", Commas::Within),
            person("Ana Müller", None)
        );
        for two in ["ana & bo", "ana/bo", "ana, bo", "Ana und Bo"] {
            assert!(named(two, between).is_err(), "{two}");
        }
        let column = ["Müller, Ana", "Schmidt, Bo", ""];
        assert_eq!(Commas::of(column.into_iter()), Commas::Within);
        assert_eq!(Commas::of(["ana", "bo", "ana, bo"].into_iter()), between);
    }

    #[test]
    fn names_become_user_names() {
        for (written, name) in [
            ("ana", Some("ana")),
            ("Ana Müller", Some("ana.mueller")),
            ("José  Núñez", Some("jose.nunez")),
            ("wei.chen@lab.example", Some("wei.chen")),
            ("O'Neil", Some("oneil")),
            ("李雷", None),
            ("42", None),
        ] {
            assert_eq!(user_name(written).as_deref(), name, "{written}");
        }
    }
}
