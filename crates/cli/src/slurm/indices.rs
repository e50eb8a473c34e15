//! What a task finds of its array: how many tasks there are, and which numbers.

/// `SLURM_ARRAY_TASK_COUNT` and the like. Nothing for what is no array: the server says what is wrong.
pub fn variables(array: &str) -> Vec<(String, String)> {
    let list = array.split('%').next().unwrap_or(array);
    let Some(parts) = list.split(',').map(range).collect::<Option<Vec<_>>>() else {
        return vec![];
    };
    let all = parts.iter();
    let least = all.clone().map(|(from, _, _)| *from).min();
    let most = all
        .clone()
        .map(|(from, to, step)| from + (to - from) / step * step);
    let count: u64 = all.map(|(from, to, step)| (to - from) / step + 1).sum();
    let values = [
        ("SLURM_ARRAY_TASK_COUNT", Some(count)),
        ("SLURM_ARRAY_TASK_MIN", least),
        ("SLURM_ARRAY_TASK_MAX", most.max()),
        (
            "SLURM_ARRAY_TASK_STEP",
            parts.first().map(|(_, _, step)| *step),
        ),
    ];
    let values = values.into_iter();
    values
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_string())))
        .collect()
}

fn range(part: &str) -> Option<(u64, u64, u64)> {
    let (range, step) = part.split_once(':').unwrap_or((part, "1"));
    let (from, to) = range.split_once('-').unwrap_or((range, range));
    let number = |text: &str| text.trim().parse::<u32>().ok().map(u64::from);
    let (from, to, step) = (number(from)?, number(to)?, number(step)?);
    (from <= to && step > 0).then_some((from, to, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn count_and_ends_of_an_array() {
        let values = |text: &str| {
            let values = variables(text).into_iter().map(|(_, value)| value);
            values.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(values("0-9%2"), "10 0 9 1");
        assert_eq!(values("1,3,7"), "3 1 7 1");
        assert_eq!(values("0-9:4"), "3 0 8 4");
        assert_eq!(values("9-0"), "");
        assert_eq!(values("x"), "");
    }
}
