//! What a chart must hold, whoever looks at it.

use berth_charts::{ChartError, Compared, comparison};

fn policy(name: &str, wait: f64) -> Compared {
    Compared {
        name: name.to_owned(),
        waits_min: (0..100).map(|n| wait * f64::from(n) / 50.0).collect(),
        wait_mean_min: wait,
        wait_p95_min: 2.0 * wait,
        d10_mean_min: wait / 2.0,
        worst_user_slowdown: wait / 10.0,
    }
}

#[test]
fn names_and_numbers_are_text_and_dark_pages_have_their_own_colours() {
    let policies = [policy("easy", 654.0), policy("berth <on>", 74.0)];
    let svg = comparison("philly & kth", &policies).expect("the test is right");
    assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
    for text in [
        "<title>philly &amp; kth</title>",
        "easy",
        "berth &lt;on&gt;",
        "10.9 h",
        "74 min",
    ] {
        assert!(svg.contains(text), "{text}");
    }
    assert!(svg.contains("prefers-color-scheme:dark"));
    // Every colour that is drawn has its dark counterpart.
    let drawn = svg
        .split(['"'])
        .filter(|part| part.len() == 7 && part.starts_with('#'));
    let (style, _) = svg.split_once("</style>").expect("there is a style");
    for colour in drawn {
        assert!(style.contains(&format!("fill=\"{colour}\"")), "{colour}");
    }
    assert_eq!(
        svg,
        comparison("philly & kth", &policies).expect("the test is right")
    );
}

#[test]
fn nothing_is_no_picture() {
    assert!(matches!(comparison("empty", &[]), Err(ChartError::Empty)));
    let idle = Compared::default();
    assert!(matches!(
        comparison("empty", &[idle]),
        Err(ChartError::Empty)
    ));
}
