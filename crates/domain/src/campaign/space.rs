//! The space that is searched: what each parameter may be.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::refusal::Refusal;
use crate::submit::{is_parameter, label};
use crate::tokens::tokens;

/// By name.
pub type Space = BTreeMap<String, Dimension>;

const LONGEST_NAME: usize = 64;
/// No list of choices is longer.
const MOST_CHOICES: usize = 1000;
/// Whole numbers up to here are exact as `f64`.
const LARGEST_INT: f64 = 9_007_199_254_740_992.0;

/// What a parameter may be. Written as a list, or as `{ from, to }` with `scale = "log"` or
/// `int = true`.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(untagged))]
pub enum Dimension {
    Choice(#[cfg_attr(feature = "schema", schemars(with = "Vec<Word>"))] Vec<String>),
    Range(Range),
}

/// Both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Range {
    pub from: f64,
    pub to: f64,
    #[serde(default, skip_serializing_if = "Scale::is_linear")]
    pub scale: Scale,
    /// Whole numbers only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub int: bool,
}

tokens! {
    /// How values are spread.
    #[derive(Default)]
    Scale, "a scale" {
        #[default]
        Linear = "linear",
        /// As many between 0.001 and 0.01 as between 0.01 and 0.1.
        Log = "log",
    }
}

impl Scale {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "made for serde")]
    fn is_linear(&self) -> bool {
        *self == Scale::Linear
    }
}

/// A part of a dimension: some of the choices, or a range within the range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Narrow {
    Choice(
        #[serde(deserialize_with = "words")]
        #[cfg_attr(feature = "schema", schemars(with = "Vec<Word>"))]
        Vec<String>,
    ),
    Range {
        from: f64,
        to: f64,
    },
}

impl Dimension {
    pub(super) fn check(&self, name: &str) -> Result<(), Refusal> {
        let refuse = |why: &str| Err(Refusal::invalid("space", format!("{name}: {why}")));
        if !is_parameter(name) || name.len() > LONGEST_NAME {
            let name = name.escape_debug();
            return Err(Refusal::invalid(
                "space",
                format!(
                    "'{name}' is not a parameter's name: use letters, digits and _, beginning with a \
                     letter."
                ),
            ));
        }
        match self {
            Dimension::Choice(values) => {
                if values.is_empty() || values.len() > MOST_CHOICES {
                    return refuse("Give it 1 to 1000 choices.");
                }
                for (place, value) in values.iter().enumerate() {
                    if label("space", value).is_err() {
                        return refuse("A choice is empty, too long or holds a control character.");
                    }
                    if values[..place].contains(value) {
                        return refuse("A choice is there twice.");
                    }
                }
                Ok(())
            }
            Dimension::Range(range) => range.check().or_else(refuse),
        }
    }

    /// Whether a trial may have this value.
    #[must_use]
    pub fn holds(&self, value: &str) -> bool {
        match self {
            Dimension::Choice(values) => values.iter().any(|choice| choice == value),
            Dimension::Range(range) => range.holds(value),
        }
    }

    /// How many values there are; `None`: without end.
    #[must_use]
    pub fn count(&self) -> Option<u64> {
        match self {
            Dimension::Choice(values) => Some(values.len() as u64),
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked to be within whole numbers that are exact"
            )]
            Dimension::Range(range) if range.int => {
                Some((range.to.floor() - range.from.ceil()).max(0.0) as u64 + 1)
            }
            Dimension::Range(range) if range.from >= range.to => Some(1),
            Dimension::Range(_) => None,
        }
    }

    /// Any value, the same each time: for checks that need one.
    #[must_use]
    pub fn example(&self) -> String {
        match self {
            Dimension::Choice(values) => values.first().cloned().unwrap_or_default(),
            Dimension::Range(range) => range.from.to_string(),
        }
    }

    /// A part of it.
    ///
    /// # Errors
    /// When that is no part of it, in words that go on after its name.
    pub fn narrowed(&self, to: &Narrow) -> Result<Dimension, String> {
        match (self, to) {
            (Dimension::Choice(all), Narrow::Choice(some)) => {
                if let Some(other) = some.iter().find(|one| !all.contains(one)) {
                    let other = other.escape_debug();
                    return Err(format!("'{other}' is none of its choices"));
                }
                if some.is_empty() {
                    return Err("one choice has to stay".to_owned());
                }
                Ok(Dimension::Choice(some.clone()))
            }
            (Dimension::Range(all), Narrow::Range { from, to }) => {
                let range = Range {
                    from: *from,
                    to: *to,
                    ..*all
                };
                let inside = *from >= all.from && *to <= all.to;
                if !inside || range.check().is_err() {
                    return Err(format!(
                        "{from} to {to} is no part of {} to {}",
                        all.from, all.to
                    ));
                }
                Ok(Dimension::Range(range))
            }
            (Dimension::Choice(_), Narrow::Range { .. }) => {
                Err("it is a list of choices: name those that stay".to_owned())
            }
            (Dimension::Range(_), Narrow::Choice(_)) => {
                Err("it is a range: say from where to where".to_owned())
            }
        }
    }
}

impl Range {
    fn check(self) -> Result<(), &'static str> {
        let Range {
            from,
            to,
            scale,
            int,
        } = self;
        if !from.is_finite() || !to.is_finite() || from > to {
            return Err("Give it two numbers, the smaller one first.");
        }
        if scale == Scale::Log && from <= 0.0 {
            return Err("A logarithmic range begins above 0.");
        }
        if int
            && (from.fract() != 0.0 || to.fract() != 0.0 || from.abs().max(to.abs()) > LARGEST_INT)
        {
            return Err("A range of whole numbers has whole ends.");
        }
        Ok(())
    }

    fn holds(self, value: &str) -> bool {
        let plain = value
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let number = value.parse::<f64>().ok().filter(|_| plain);
        number.is_some_and(|number| {
            let whole = !self.int || value.parse::<i64>().is_ok();
            number >= self.from && number <= self.to && whole
        })
    }
}

impl Serialize for Dimension {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Dimension::Choice(values) => values.serialize(serializer),
            Dimension::Range(range) => range.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Dimension {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Dimension;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of choices, or a range such as { from = 1e-5, to = 1e-1 }")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Dimension, A::Error> {
                words(SeqAccessDeserializer::new(list)).map(Dimension::Choice)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Dimension, A::Error> {
                Range::deserialize(MapAccessDeserializer::new(map)).map(Dimension::Range)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A choice as it may be written.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(inline))]
#[serde(untagged)]
enum Word {
    Text(String),
    Bool(bool),
    Int(i64),
    Float(f64),
}

fn words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let words = Vec::<Word>::deserialize(deserializer)?;
    Ok(words.into_iter().map(Word::text).collect())
}

impl Word {
    fn text(self) -> String {
        match self {
            Word::Text(text) => text,
            Word::Bool(value) => value.to_string(),
            Word::Int(value) => value.to_string(),
            Word::Float(value) => value.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Dimension {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_dimension_is_a_list_or_a_range() {
        let choices = |words: &[&str]| {
            Dimension::Choice(words.iter().map(|word| (*word).to_owned()).collect())
        };
        for (text, expected, written) in [
            (r#"["adam","sgd"]"#, choices(&["adam", "sgd"]), None),
            (
                "[16,32.5,true]",
                choices(&["16", "32.5", "true"]),
                Some(r#"["16","32.5","true"]"#),
            ),
            (
                r#"{"from":1e-5,"to":0.1,"scale":"log"}"#,
                Dimension::Range(Range {
                    from: 1e-5,
                    to: 0.1,
                    scale: Scale::Log,
                    int: false,
                }),
                Some(r#"{"from":0.00001,"to":0.1,"scale":"log"}"#),
            ),
            (
                r#"{"from":2,"to":8,"int":true}"#,
                Dimension::Range(Range {
                    from: 2.0,
                    to: 8.0,
                    scale: Scale::Linear,
                    int: true,
                }),
                Some(r#"{"from":2.0,"to":8.0,"int":true}"#),
            ),
        ] {
            let dimension = read(text);
            assert_eq!(dimension, expected);
            dimension.check("x").unwrap();
            let again = serde_json::to_string(&dimension).unwrap();
            let written: serde_json::Value = serde_json::from_str(written.unwrap_or(text)).unwrap();
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&again).unwrap(),
                written
            );
            assert!(dimension.holds(&dimension.example()), "{text}");
        }
        for text in [
            "3",
            r#"{"from":1}"#,
            r#"{"from":1,"to":2,"step":1}"#,
            "[[1]]",
        ] {
            assert!(serde_json::from_str::<Dimension>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for text in [
            "[]",
            r#"["a","a"]"#,
            r#"["a\nb"]"#,
            r#"{"from":2,"to":1}"#,
            r#"{"from":0,"to":1,"scale":"log"}"#,
            r#"{"from":0.5,"to":2,"int":true}"#,
        ] {
            assert!(read(text).check("x").is_err(), "{text}");
        }
        assert!(read("[1]").check("1x").is_err());
    }

    #[test]
    fn a_value_is_inside_or_not() {
        let range = read(r#"{"from":0.1,"to":2}"#);
        for (value, inside) in [
            ("0.1", true),
            ("2", true),
            ("1e0", true),
            ("0.09", false),
            ("nan", false),
            ("inf", false),
            ("", false),
            ("1; rm -rf /", false),
            ("0x1", false),
        ] {
            assert_eq!(range.holds(value), inside, "{value}");
        }
        let int = read(r#"{"from":2,"to":8,"int":true}"#);
        assert!(int.holds("8") && !int.holds("2.5") && !int.holds("9"));
        assert_eq!((int.count(), range.count()), (Some(7), None));
    }

    #[test]
    fn it_can_only_become_narrower() {
        let range = read(r#"{"from":1e-5,"to":0.1,"scale":"log"}"#);
        let to = |from, to| range.narrowed(&Narrow::Range { from, to });
        let expected = r#"{"from":1e-4,"to":0.01,"scale":"log"}"#;
        assert_eq!(to(1e-4, 0.01), Ok(read(expected)));
        assert!(to(1e-6, 0.01).is_err() && to(0.01, 1e-3).is_err() && to(f64::NAN, 0.01).is_err());
        let some = |words: &[&str]| {
            let words = words.iter().map(|word| (*word).to_owned());
            read(r#"["a","b","c"]"#).narrowed(&Narrow::Choice(words.collect()))
        };
        assert_eq!(some(&["c", "a"]), Ok(read(r#"["c","a"]"#)));
        let numbers: Narrow = serde_json::from_str("[16, 32]").unwrap();
        assert_eq!(
            numbers,
            Narrow::Choice(vec!["16".to_owned(), "32".to_owned()])
        );
        assert!(some(&["d"]).is_err() && some(&[]).is_err());
        assert!(range.narrowed(&Narrow::Choice(vec![])).is_err());
    }
}
