//! Prints the planner's answers to the first cases: `cases COUNT`. `scripts/samples` compares them
//! with what the same code says in WebAssembly.

use std::io::Write as _;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let count = std::env::args().nth(1).ok_or("usage: cases COUNT")?;
    let count: u32 = count.parse()?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    for number in 0..count {
        out.write_all(berth_samples::of_case(number).as_bytes())?;
    }
    out.flush()?;
    Ok(())
}
