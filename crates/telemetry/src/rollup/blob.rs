//! What is kept as bytes: first the shape of it, then all numbers as `f32`, their first bytes
//! together, then their second ones and so on, all of it deflated. Alike bytes stand side by side
//! that way, and idle GPUs take next to nothing.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::block::{Column, Entry, SLOTS, Seconds};
use super::bucket::{Bucket, Row};
use super::keeper::Mark;
use super::metric::{Metric, Values};
use super::series::SeriesId;
use super::tier::Tier;

/// The first byte: how the rest is to be read.
const VERSION: u8 = 1;
/// No blob of ours is larger when it is inflated.
const LARGEST: u64 = 64 << 20;

/// Bytes that are none of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("kept figures cannot be read: {0}")]
pub struct BadBlob(&'static str);

#[derive(Default)]
struct Writer {
    shape: Vec<u8>,
    numbers: Vec<f32>,
}

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.shape.push(byte);
    }

    /// Seven bits a byte, the lowest first.
    fn int(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.shape.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        self.shape.push((value & 0x7f) as u8);
    }

    fn id(&mut self, id: SeriesId) {
        self.int(id.0.unsigned_abs());
    }

    fn values(&mut self, values: &Values) {
        let known = |(n, value): (usize, &f32)| u64::from(!value.is_nan()) << n;
        self.int(values.iter().enumerate().map(known).sum());
        let known = values.iter().filter(|value| !value.is_nan());
        self.numbers.extend(known);
    }

    fn finish(self) -> Vec<u8> {
        let mut plain = Vec::with_capacity(self.shape.len() + 4 * self.numbers.len() + 10);
        let length = u32::try_from(self.shape.len()).unwrap_or(u32::MAX);
        plain.extend(length.to_le_bytes());
        plain.extend(&self.shape);
        for plane in 0..4 {
            plain.extend(
                self.numbers
                    .iter()
                    .map(|number| number.to_le_bytes()[plane]),
            );
        }
        let mut deflate = DeflateEncoder::new(vec![VERSION], Compression::new(3));
        // Writing to memory does not fail.
        let _ = deflate.write_all(&plain);
        deflate.finish().unwrap_or_default()
    }
}

struct Reader {
    plain: Vec<u8>,
    /// In the shape.
    at: usize,
    shape_end: usize,
    /// The next of the numbers.
    number: usize,
    count: usize,
}

impl Reader {
    fn new(blob: &[u8]) -> Result<Self, BadBlob> {
        let Some((&VERSION, deflated)) = blob.split_first() else {
            return Err(BadBlob("of another version"));
        };
        let mut plain = Vec::new();
        let mut inflate = DeflateDecoder::new(deflated).take(LARGEST);
        let inflated = inflate.read_to_end(&mut plain);
        inflated.map_err(|_| BadBlob("not deflated"))?;
        let length = plain.first_chunk().copied().ok_or(BadBlob("cut"))?;
        let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
        let shape_end = length.saturating_add(4);
        let numbers = plain.len().checked_sub(shape_end).ok_or(BadBlob("cut"))?;
        Ok(Reader {
            plain,
            at: 4,
            shape_end,
            number: 0,
            count: numbers / 4,
        })
    }

    /// Whether there is more.
    fn more(&self) -> bool {
        self.at < self.shape_end
    }

    fn byte(&mut self) -> Result<u8, BadBlob> {
        let more = self.more();
        let byte = self.plain.get(self.at).filter(|_| more);
        self.at += 1;
        byte.copied().ok_or(BadBlob("cut"))
    }

    fn int(&mut self) -> Result<u64, BadBlob> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(BadBlob("a number without end"))
    }

    fn signed(&mut self) -> Result<i64, BadBlob> {
        i64::try_from(self.int()?).map_err(|_| BadBlob("a number too large"))
    }

    fn id(&mut self) -> Result<SeriesId, BadBlob> {
        self.signed().map(SeriesId)
    }

    fn number(&mut self) -> Result<f32, BadBlob> {
        if self.number >= self.count {
            return Err(BadBlob("cut"));
        }
        let place = self.shape_end + self.number;
        self.number += 1;
        let plane = |n: usize| self.plain.get(place + n * self.count).copied();
        let bytes = [plane(0), plane(1), plane(2), plane(3)];
        let [Some(a), Some(b), Some(c), Some(d)] = bytes else {
            return Err(BadBlob("cut"));
        };
        Ok(f32::from_le_bytes([a, b, c, d]))
    }

    fn values(&mut self) -> Result<Values, BadBlob> {
        let known = self.int()?;
        let mut values = [f32::NAN; Metric::ALL.len()];
        for (n, value) in values.iter_mut().enumerate() {
            if known >> n & 1 == 1 {
                *value = self.number()?;
            }
        }
        Ok(values)
    }

    fn metric(&mut self) -> Result<Metric, BadBlob> {
        let metric = Metric::ALL.get(usize::from(self.byte()?));
        metric.copied().ok_or(BadBlob("of a metric not known here"))
    }
}

/// How the seconds of a series are written.
const ONE: u8 = 0;
const MANY: u8 = 1;

pub(crate) fn of_seconds(seconds: &Seconds) -> Vec<u8> {
    let mut out = Writer::default();
    let columns = Metric::ALL.into_iter().zip(&seconds.columns);
    for (metric, column) in columns {
        match column {
            None => {}
            Some(Column::One(values)) => {
                out.byte(metric as u8);
                out.byte(ONE);
                for value in &**values {
                    out.byte(u8::from(!value.is_nan()));
                    out.numbers
                        .extend(Some(value).filter(|value| !value.is_nan()));
                }
            }
            Some(Column::Many(column)) => {
                out.byte(metric as u8);
                out.byte(MANY);
                for (count, sum) in column.0.iter().zip(&column.1) {
                    out.int(u64::from(*count));
                    if *count > 0 {
                        out.numbers.push(narrow(*sum));
                    }
                }
            }
        }
    }
    out.finish()
}

pub(crate) fn seconds(blob: &[u8]) -> Result<Seconds, BadBlob> {
    let mut from = Reader::new(blob)?;
    let mut seconds = Seconds::default();
    while from.more() {
        let metric = from.metric()?;
        let mut column = match from.byte()? {
            ONE => Column::one(),
            MANY => Column::many(),
            _ => return Err(BadBlob("of a shape not known here")),
        };
        for slot in 0..SLOTS {
            match &mut column {
                Column::One(values) => {
                    if from.byte()? == 1 {
                        values[slot] = from.number()?;
                    }
                }
                Column::Many(column) => {
                    let count = from.int()?;
                    column.0[slot] = u16::try_from(count).unwrap_or(u16::MAX);
                    if count > 0 {
                        column.1[slot] = f64::from(from.number()?);
                    }
                }
            }
        }
        seconds.columns[metric.index()] = Some(column);
    }
    Ok(seconds)
}

#[expect(clippy::cast_possible_truncation, reason = "stored no finer")]
fn narrow(value: f64) -> f32 {
    value as f32
}

/// Nothing is known.
const EMPTY: u8 = 0;
/// One value in every second.
const FLAT: u8 = 1;
/// One value, in so many seconds.
const FLAT_COUNT: u8 = 2;
/// Four numbers, in every second.
const FULL: u8 = 3;
const FULL_COUNT: u8 = 4;

/// Rows of a tier from a minute up to an hour, in order of time, all within one blob's time.
pub(crate) fn of_rows(rows: &[Row], start_s: i64, tier: Tier) -> Vec<u8> {
    let mut out = Writer::default();
    let width = tier.width_s();
    let slots = tier.blob_s() / width;
    for metric in Metric::ALL {
        if rows.iter().all(|row| row.get(metric).is_none()) {
            continue;
        }
        out.byte(metric as u8);
        let mut next = rows.iter().peekable();
        for slot in 0..slots {
            let row = next.next_if(|row| row.start_s == start_s + slot * width);
            let Some(bucket) = row.and_then(|row| row.get(metric)) else {
                out.byte(EMPTY);
                continue;
            };
            let full = i64::from(bucket.count) == width;
            let how = match (bucket.is_flat(), full) {
                (true, true) => FLAT,
                (true, false) => FLAT_COUNT,
                (false, true) => FULL,
                (false, false) => FULL_COUNT,
            };
            out.byte(how);
            if !full {
                out.int(u64::from(bucket.count));
            }
            out.numbers.push(bucket.min);
            if !bucket.is_flat() {
                let rest = [narrow(bucket.avg), bucket.max, bucket.last];
                out.numbers.extend(rest);
            }
        }
    }
    out.finish()
}

/// The rows of a blob of a tier that begins then.
///
/// # Errors
/// When it is none.
pub fn rows(blob: &[u8], start_s: i64, tier: Tier) -> Result<Vec<Row>, BadBlob> {
    if tier == Tier::Second {
        return Ok(seconds(blob)?.rows(start_s, tier));
    }
    let mut from = Reader::new(blob)?;
    let width = tier.width_s();
    let slots = tier.blob_s() / width;
    let mut rows: Vec<Row> = (0..slots)
        .map(|slot| Row::new(start_s + slot * width))
        .collect();
    let whole = u32::try_from(width).unwrap_or(u32::MAX);
    while from.more() {
        let metric = from.metric()?;
        for row in &mut rows {
            let how = from.byte()?;
            if how == EMPTY {
                continue;
            }
            let count = match how {
                FLAT | FULL => whole,
                FLAT_COUNT | FULL_COUNT => u32::try_from(from.int()?).unwrap_or(u32::MAX),
                _ => return Err(BadBlob("of a shape not known here")),
            };
            let min = from.number()?;
            let [avg, max, last] = match how {
                FLAT | FLAT_COUNT => [min; 3],
                _ => [from.number()?, from.number()?, from.number()?],
            };
            row.metrics[metric.index()] = Bucket {
                count,
                min,
                avg: f64::from(avg),
                max,
                last,
            };
        }
    }
    let known = |row: &Row| row.metrics.iter().any(|bucket| bucket.count > 0);
    rows.retain(known);
    Ok(rows)
}

/// Entries of the block that begins then.
pub(crate) fn of_entries<'a>(entries: impl Iterator<Item = &'a Entry>, start_s: i64) -> Vec<u8> {
    let mut out = Writer::default();
    for entry in entries {
        out.int(u64::try_from(entry.second - start_s).unwrap_or(0));
        out.id(entry.gpu);
        for group in entry.groups {
            out.id(group);
        }
        out.values(&entry.values);
    }
    out.finish()
}

pub(crate) fn entries(blob: &[u8], start_s: i64) -> Result<Vec<Entry>, BadBlob> {
    let mut from = Reader::new(blob)?;
    let mut entries = Vec::new();
    while from.more() {
        let second = start_s.saturating_add(from.signed()?);
        let gpu = from.id()?;
        let mut groups = [SeriesId(0); 5];
        for group in &mut groups {
            *group = from.id()?;
        }
        entries.push(Entry {
            second,
            gpu,
            groups,
            values: from.values()?,
        });
    }
    Ok(entries)
}

pub(crate) fn of_marks(marks: impl Iterator<Item = (SeriesId, Mark)>) -> Vec<u8> {
    let mut out = Writer::default();
    for (gpu, mark) in marks {
        out.id(gpu);
        out.int(u64::try_from(mark.at_us).unwrap_or(0));
        out.int(u64::try_from(mark.hold_s).unwrap_or(0));
        out.values(&mark.values);
    }
    out.finish()
}

pub(crate) fn marks(blob: &[u8]) -> Result<Vec<(SeriesId, Mark)>, BadBlob> {
    let mut from = Reader::new(blob)?;
    let mut marks = Vec::new();
    while from.more() {
        let gpu = from.id()?;
        let mark = Mark {
            at_us: from.signed()?,
            hold_s: from.signed()?,
            values: from.values()?,
        };
        marks.push((gpu, mark));
    }
    Ok(marks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_as_they_were() {
        let mut first = Row::new(600);
        first.metrics[0] = Bucket {
            count: 10,
            min: 1.5,
            avg: 2.25,
            max: 9.0,
            last: 3.0,
        };
        first.metrics[6] = Bucket {
            count: 4,
            ..Bucket::of(71.0)
        };
        let mut second = Row::new(890);
        second.metrics[9] = Bucket {
            count: 10,
            ..Bucket::of(16.0)
        };
        let both = [first, second];
        let blob = of_rows(&both, 600, Tier::TenSeconds);
        assert_eq!(rows(&blob, 600, Tier::TenSeconds), Ok(both.to_vec()));
    }

    #[test]
    fn what_is_cut_or_no_blob_is_refused() {
        let blob = of_rows(&[Row::new(0)], 0, Tier::Minute);
        assert_eq!(rows(&blob, 0, Tier::Minute), Ok(vec![]));
        assert!(rows(&[], 0, Tier::Minute).is_err());
        assert!(rows(&[VERSION], 0, Tier::Minute).is_err());
        assert!(rows(&[9, 1, 2], 0, Tier::Minute).is_err());
        let mut out = Writer::default();
        out.byte(0);
        out.byte(FULL);
        assert!(rows(&out.finish(), 0, Tier::Minute).is_err());
    }
}
