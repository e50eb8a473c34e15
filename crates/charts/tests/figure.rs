//! A figure: its picture, its words and its file say the same.

use berth_charts::{ChartError, Column, Figure, Form, Row, Skin, Tone, Unit, svg};
use proptest::prelude::*;

fn figure(form: Form, unit: &Unit, rows: Vec<Vec<Option<f64>>>) -> Figure {
    let column = |place: usize| Column {
        name: format!("column {place}"),
        unit: unit.clone(),
        tone: Some(Tone::Series(place)),
    };
    let row = |(place, values): (usize, Vec<Option<f64>>)| Row {
        label: format!("row <{place}>"),
        short: format!("r{place}"),
        values,
    };
    Figure {
        id: "waits",
        title: "Waits & more".to_owned(),
        head: "Row".to_owned(),
        columns: (0..3).map(column).collect(),
        rows: rows.into_iter().enumerate().map(row).collect(),
        form,
    }
}

fn forms() -> impl Strategy<Value = Form> {
    prop::sample::select(vec![
        Form::Lines,
        Form::Columns,
        Form::Stacked,
        Form::Bars,
        Form::Spread,
    ])
}

fn numbers() -> impl Strategy<Value = Vec<Vec<Option<f64>>>> {
    let value = prop_oneof![
        1 => Just(None),
        1 => Just(Some(0.0)),
        4 => (0.0f64..1e7).prop_map(Some),
        2 => (0.0f64..1.0).prop_map(Some),
    ];
    prop::collection::vec(prop::collection::vec(value, 3), 0..120)
}

/// Every number that an attribute of this name holds.
fn attributes(svg: &str, name: &str) -> Vec<f64> {
    let quoted = format!(" {name}=\"");
    let values = svg
        .split(&quoted)
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    values.filter_map(|value| value.parse().ok()).collect()
}

proptest! {
    /// Whatever the numbers, all of it is within the picture, and each row can be pointed at.
    #[test]
    fn everything_is_within_the_picture(form in forms(), rows in numbers(), width in 240u32..1600) {
        let known = rows.iter().flatten().any(Option::is_some);
        let count = rows.len();
        let figure = figure(form, &Unit::Kwh, rows);
        let drawn = svg(&figure, width, Skin::Page);
        if !known {
            prop_assert!(matches!(drawn, Err(ChartError::Empty)));
            return Ok(());
        }
        let drawn = drawn.expect("the test is right");
        prop_assert!(drawn.starts_with("<svg viewBox=\"0 0 ") && drawn.trim_end().ends_with("</svg>"));
        prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
        prop_assert!(!drawn.contains("\"#"), "only the page's own colours");
        prop_assert_eq!(drawn.matches("data-row=").count(), count);
        let wide = f64::from(width);
        for name in ["x", "cx", "x1", "x2"] {
            for x in attributes(&drawn, name) {
                prop_assert!((-1.0..=wide + 1.0).contains(&x), "{name}={x} of {wide}");
            }
        }
        // The same again.
        prop_assert_eq!(drawn, svg(&figure, width, Skin::Page).expect("the test is right"));
    }
}

#[test]
fn a_file_has_its_title_its_dark_colours_and_what_each_row_says() {
    let rows = vec![vec![Some(1.5), None, Some(2.0)]];
    let file = svg(
        &figure(Form::Columns, &Unit::Kwh, rows),
        720,
        Skin::Document,
    )
    .expect("the test is right");
    for text in [
        "<title>Waits &amp; more</title>",
        "prefers-color-scheme:dark",
        "row &lt;0>: column 0 1.50 kWh, column 1 —, column 2 2.00 kWh",
    ] {
        assert!(file.contains(text), "{text} in {file}");
    }
}

#[test]
fn what_is_not_known_is_no_zero_in_a_file_and_no_name_is_a_formula() {
    let mut figure = figure(
        Form::Bars,
        &Unit::Percent,
        vec![vec![Some(0.0), None, Some(12.25)]],
    );
    figure.rows[0].label = "=1+1, \"quoted\"".to_owned();
    assert_eq!(
        figure.csv(),
        "Row,column 0 (%),column 1 (%),column 2 (%)\r\n\"'=1+1, \"\"quoted\"\"\",0,,12.25\r\n"
    );
}
