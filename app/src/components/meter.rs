//! A bar of how much is used of what is allowed. Beside it the words say all; it is for a glance.

use leptos::prelude::*;

/// Used, and hatched what is expected to be used yet; nothing where there is no limit.
pub fn bar(used: u64, ahead: u64, of: Option<u64>) -> Option<AnyView> {
    let of = of?;
    let (used, ahead) = (share(used, of), share(ahead, of));
    let ahead = ahead.min(100.0 - used);
    let width = |share: f64| format!("width: {share:.2}%");
    let shown = view! {
        <span class="meter-bar" aria-hidden="true">
            <i class="meter-used" style=width(used)></i>
            <i class="meter-ahead" style=width(ahead)></i>
        </span>
    };
    Some(shown.into_any())
}

/// In percent, 100 at most; of nothing all is used.
fn share(part: u64, of: u64) -> f64 {
    if part >= of {
        return 100.0;
    }
    #[expect(clippy::cast_precision_loss, reason = "a share for a picture")]
    let share = part as f64 * 100.0 / of as f64;
    share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_never_leaves_its_bar() {
        assert_eq!(share(1, 4), 25.0);
        assert_eq!(share(9, 4), 100.0);
        assert_eq!(share(0, 0), 100.0);
        assert_eq!(share(0, 4), 0.0);
    }
}
