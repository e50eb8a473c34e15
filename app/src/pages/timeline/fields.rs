//! A reservation as the fields of a form.

use berth_domain::ReserveRequest;

/// Name and value of each that is not empty; `every` once for each day.
pub fn fields(request: &ReserveRequest) -> Vec<(&'static str, String)> {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<i64>| value.map(|n| n.to_string()).unwrap_or_default();
    let mut all = vec![
        ("note", text(&request.note)),
        ("gpus", number(request.gpus)),
        ("nodes", number(request.nodes)),
        ("node", text(&request.node)),
        ("exact", request.exact.join(" ")),
        ("start", text(&request.start)),
        ("end", text(&request.end)),
        ("zone", text(&request.zone)),
        ("until", text(&request.until)),
        ("no_show", text(&request.no_show)),
        ("user", text(&request.user)),
        ("project", text(&request.project)),
    ];
    all.extend(request.every.iter().map(|day| ("every", day.clone())));
    all.retain(|(_, value)| !value.is_empty());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_stands_for_what_it_was_filled_with() {
        let request = ReserveRequest {
            user: Some("ana".into()),
            gpus: Some(4),
            nodes: Some(2),
            start: Some("2026-11-30T18:00".into()),
            end: Some("2026-11-30T20:00".into()),
            every: vec!["mon".into(), "wed".into()],
            zone: Some("Europe/Berlin".into()),
            until: Some("2026-12-31".into()),
            no_show: Some("15m".into()),
            note: Some("demo".into()),
            ..ReserveRequest::default()
        };
        let filled = fields(&request);
        let read = filled.iter().map(|(name, value)| (*name, value.as_str()));
        assert_eq!(ReserveRequest::from_form(read), (request, vec![]));
    }
}
