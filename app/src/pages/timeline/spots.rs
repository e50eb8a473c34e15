//! Where the arrow keys lead from bar to bar.

/// A bar: its first row, how many rows it covers, its beginning and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    pub row: i64,
    pub rows: i64,
    pub from: i64,
    pub to: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Left,
    Right,
    Up,
    Down,
}

impl Spot {
    fn last_row(self) -> i64 {
        self.row + self.rows.max(1) - 1
    }

    fn beside(self, other: Spot) -> bool {
        self.row <= other.last_row() && other.row <= self.last_row()
    }

    /// How far apart in time; 0 where they overlap.
    fn apart(self, other: Spot) -> i64 {
        (self.from - other.to).max(other.from - self.to).max(0)
    }
}

/// The bar that is next: in a row by its beginning; above or below the one that is nearest in time in
/// the nearest row that has any.
pub fn next(spots: &[Spot], here: usize, way: Way) -> Option<usize> {
    let from = *spots.get(here)?;
    let others = spots.iter().copied().enumerate();
    let others = others.filter(|(place, _)| *place != here);
    match way {
        Way::Right => others
            .filter(|(place, one)| one.beside(from) && (one.from, *place) > (from.from, here))
            .min_by_key(|(place, one)| (one.from, *place)),
        Way::Left => others
            .filter(|(place, one)| one.beside(from) && (one.from, *place) < (from.from, here))
            .max_by_key(|(place, one)| (one.from, *place)),
        Way::Down => others
            .filter(|(_, one)| one.row > from.last_row())
            .min_by_key(|(place, one)| (one.row, one.apart(from), *place)),
        Way::Up => others
            .filter(|(_, one)| one.last_row() < from.row)
            .min_by_key(|(place, one)| (-one.last_row(), one.apart(from), *place)),
    }
    .map(|(place, _)| place)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spot(row: i64, rows: i64, from: i64, to: i64) -> Spot {
        Spot {
            row,
            rows,
            from,
            to,
        }
    }

    #[test]
    fn from_bar_to_bar() {
        // Two on GPU 0, one over GPUs 1 and 2, one on GPU 2 later.
        let all = [
            spot(0, 1, 0, 10),
            spot(0, 1, 20, 30),
            spot(1, 2, 5, 15),
            spot(2, 1, 40, 50),
        ];
        assert_eq!(next(&all, 0, Way::Right), Some(1));
        assert_eq!(next(&all, 1, Way::Left), Some(0));
        assert_eq!(next(&all, 0, Way::Down), Some(2));
        assert_eq!(next(&all, 2, Way::Right), Some(3));
        assert_eq!(next(&all, 2, Way::Up), Some(0));
        assert_eq!(next(&all, 3, Way::Up), Some(1));
        assert_eq!(next(&all, 0, Way::Up), None);
        assert_eq!(next(&all, 7, Way::Up), None);
    }

    proptest! {
        #[test]
        fn a_step_goes_where_it_says(
            all in prop::collection::vec((0i64..12, 1i64..4, 0i64..50, 0i64..20), 1..20),
            here in 0usize..20,
        ) {
            let all: Vec<Spot> = all.iter().map(|(row, rows, from, length)| spot(*row, *rows, *from, from + length)).collect();
            let here = here % all.len();
            let at = |way| next(&all, here, way).map(|place| (place, all[place]));
            for way in [Way::Left, Way::Right, Way::Up, Way::Down] {
                prop_assert!(next(&all, here, way) != Some(here));
            }
            if let Some((_, one)) = at(Way::Right) {
                prop_assert!(one.from >= all[here].from && one.beside(all[here]));
            }
            if let Some((_, one)) = at(Way::Down) {
                prop_assert!(one.row > all[here].last_row());
            }
            if let Some((_, one)) = at(Way::Up) {
                prop_assert!(one.last_row() < all[here].row);
            }
        }

        /// In one row the keys lead over every bar and back.
        #[test]
        fn every_bar_of_a_row_is_reached(all in prop::collection::vec((0i64..50, 0i64..9), 1..20)) {
            let all: Vec<Spot> = all.iter().map(|(from, length)| spot(3, 1, *from, from + length)).collect();
            let first = (0..all.len()).find(|place| next(&all, *place, Way::Left).is_none());
            let mut place = first.expect("one is first");
            let mut seen = 1;
            while let Some(on) = next(&all, place, Way::Right) {
                prop_assert_eq!(next(&all, on, Way::Left), Some(place));
                place = on;
                seen += 1;
            }
            prop_assert_eq!(seen, all.len());
        }
    }
}
