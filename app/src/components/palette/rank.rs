//! How well what was typed fits a text.

/// What was typed, in small letters, word by word.
pub fn words(typed: &str) -> Vec<String> {
    typed.split_whitespace().map(str::to_lowercase).collect()
}

/// How well all words fit, each the field that it fits best; more is better. `None` when one of them fits
/// no field. A field's number is taken off what a word there is worth.
pub fn fit(words: &[String], fields: &[(&str, u32)]) -> Option<u32> {
    let lower: Vec<(String, u32)> = fields
        .iter()
        .map(|(text, off)| (text.to_lowercase(), *off))
        .collect();
    let best = |word: &String| {
        let worth = lower
            .iter()
            .filter_map(|(text, off)| Some(one(word, text)?.saturating_sub(*off)));
        worth.max()
    };
    words.iter().map(best).sum()
}

/// A word in a text: the whole of it, its beginning, the beginning of one of its words, anywhere, or
/// letter by letter.
fn one(word: &str, text: &str) -> Option<u32> {
    if text == word {
        return Some(100);
    }
    if text.starts_with(word) {
        return Some(80);
    }
    let starts = |(at, _): (usize, &str)| begins_word(text, at);
    if text.match_indices(word).any(starts) {
        return Some(60);
    }
    if text.contains(word) {
        return Some(40);
    }
    letters(word, text).then_some(20)
}

fn begins_word(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    before.is_none_or(|before| !before.is_alphanumeric())
}

/// Whether the letters follow each other, close together, from the one that begins a word.
fn letters(word: &str, text: &str) -> bool {
    let count = word.chars().count();
    let Some(first) = word.chars().next().filter(|_| count > 2) else {
        return false;
    };
    let follow = |at: usize| {
        let mut near = text[at..].chars().take(count * 2 + 2);
        word.chars()
            .all(|wanted| near.any(|letter| letter == wanted))
    };
    let starts = text.match_indices(first).map(|(at, _)| at);
    starts.filter(|at| begins_word(text, *at)).any(follow)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn worth(typed: &str, text: &str) -> Option<u32> {
        fit(&words(typed), &[(text, 0)])
    }

    #[test]
    fn the_nearer_the_better() {
        let texts = [
            "timeline",
            "timeline of jobs",
            "the timeline",
            "pastimeline",
            "txixmxeline",
        ];
        let found = texts.map(|text| worth("Timeline", text));
        assert_eq!(found, [Some(100), Some(80), Some(60), Some(40), Some(20)]);
        assert_eq!(worth("tmln", "timeline"), Some(20));
        assert_eq!(worth("tmln", "t, and somewhere far behind mln"), None);
        assert_eq!(worth("imln", "timeline"), None);
    }

    #[test]
    fn every_word_is_to_fit_somewhere() {
        let fields = [("reward-model", 0), ("kim", 5)];
        assert_eq!(fit(&words("kim rew"), &fields), Some(95 + 80));
        assert_eq!(fit(&words("kim bo"), &fields), None);
        assert_eq!(fit(&words(" "), &fields), Some(0));
    }

    proptest! {
        #[test]
        // Capitals change their length in some scripts.
        fn any_piece_of_a_text_fits_it(text in "[ -~]{0,40}", from in 0usize..40, to in 0usize..40) {
            let piece: String = text.chars().skip(from).take(to).collect();
            prop_assert!(worth(&piece, &text).is_some());
        }
    }
}
