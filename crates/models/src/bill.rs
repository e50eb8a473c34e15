//! What a question cost: as the endpoint said, or by a guess where it did not.

use serde::{Deserialize, Serialize};

use crate::endpoint::Endpoint;

/// Tokens and money of one or more calls. A call that is given up in the middle stays open, and is
/// counted by a guess: what was said had to be paid.
#[derive(Clone, Debug, Default)]
pub struct Bill {
    settled: Count,
    open: Option<Open>,
}

/// Of calls that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Count {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// In millionths of a dollar.
    pub micros: u64,
    /// Some of it is a guess.
    pub estimated: bool,
}

/// A call under way.
#[derive(Clone, Debug)]
struct Open {
    endpoint: Endpoint,
    input: u64,
    heard: usize,
}

impl Bill {
    pub(crate) fn begin(&mut self, endpoint: &Endpoint, input: u64) {
        self.guess();
        self.open = Some(Open {
            endpoint: endpoint.clone(),
            input,
            heard: 0,
        });
    }

    pub(crate) fn heard(&mut self, text: &str) {
        if let Some(open) = &mut self.open {
            open.heard += text.len();
        }
    }

    /// The call was answered by nobody who wants money for it.
    pub(crate) fn free(&mut self) {
        self.open = None;
    }

    /// The call is over, and this is what the endpoint counted.
    pub(crate) fn settle(&mut self, counted: Option<(u64, u64)>) {
        let Some(open) = self.open.take() else { return };
        let (input, output) = counted.unwrap_or((open.input, estimate(open.heard)));
        let all = &mut self.settled;
        all.input_tokens = all.input_tokens.saturating_add(input);
        all.output_tokens = all.output_tokens.saturating_add(output);
        all.micros = all.micros.saturating_add(open.endpoint.cost(input, output));
        all.estimated |= counted.is_none();
    }

    pub(crate) fn guess(&mut self) {
        self.settle(None);
    }

    /// All of it, with a call that was given up in the middle.
    #[must_use]
    pub fn count(&self) -> Count {
        let mut closed = self.clone();
        closed.guess();
        closed.settled
    }

    /// What was not taken yet; afterwards it begins anew.
    pub fn take(&mut self) -> Count {
        std::mem::take(self).count()
    }
}

/// How many tokens a text of so many bytes is, more or less.
#[must_use]
pub fn estimate(bytes: usize) -> u64 {
    (bytes as u64).div_ceil(4)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ModelConfig;

    #[test]
    fn what_is_given_up_is_guessed_and_what_failed_is_free() {
        let mut config = ModelConfig::new("big", "https://llm.lab.example/v1", "m");
        (config.dollars_in, config.dollars_out) = (1.0, 10.0);
        let big = config.endpoint(|_| None).unwrap();
        let mut bill = Bill::default();
        bill.begin(&big, 100);
        bill.settle(Some((90, 5)));
        let told = bill.count();
        assert_eq!((told.micros, told.estimated), (140, false));
        bill.begin(&big, 1000);
        bill.free();
        assert_eq!(bill.count(), told);
        bill.begin(&big, 100);
        bill.heard("12345678");
        let guessed = bill.take();
        assert_eq!((guessed.micros, guessed.estimated), (140 + 120, true));
        assert_eq!(bill.count(), Count::default());
    }
}
