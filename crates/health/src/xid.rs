//! What the driver's error numbers mean: NVIDIA's "Xid Errors" guide (docs.nvidia.com/deploy/xid-errors).

/// An error that the driver told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Xid {
    pub number: u32,
    pub words: &'static str,
    /// The GPU cannot be used until it is reset or replaced.
    pub fatal: bool,
}

const fn known(number: u32, fatal: bool, words: &'static str) -> Xid {
    Xid {
        number,
        words,
        fatal,
    }
}

const KNOWN: &[Xid] = &[
    known(13, false, "a program's error in the graphics engine"),
    known(31, false, "a program used memory that is not its own"),
    known(32, false, "a corrupted push buffer"),
    known(38, true, "a firmware error of the driver"),
    known(43, false, "a program's fault ended its work on the GPU"),
    known(45, false, "work was cleaned up after a program was ended"),
    known(48, true, "a double-bit memory error"),
    known(61, true, "the internal microcontroller stopped"),
    known(62, true, "the internal microcontroller halted"),
    known(63, false, "a row of memory was remapped"),
    known(64, true, "a row of memory could not be remapped"),
    known(68, false, "an error of the video decoder"),
    known(69, false, "a program's error in the graphics engine"),
    known(74, true, "an NVLink error"),
    known(79, true, "the GPU fell off the bus"),
    known(92, false, "many single-bit memory errors"),
    known(
        94,
        false,
        "a memory error that was contained to its program",
    ),
    known(95, true, "a memory error that was not contained"),
    known(109, false, "a context switch took too long"),
    known(110, true, "a security fault"),
    known(119, true, "the GPU's system processor did not answer"),
    known(120, true, "an error of the GPU's system processor"),
    known(121, false, "an error on the chip-to-chip link"),
    known(136, true, "a link could not be trained"),
    known(140, true, "a memory error that could not be mended"),
    known(143, true, "the GPU could not be initialised"),
    known(145, true, "an NVLink error"),
    known(149, true, "an NVLink error"),
    known(154, true, "the GPU asks to be recovered"),
];

/// What is known of a number; of one that is not, nothing fatal is assumed.
#[must_use]
pub fn xid(number: u32) -> Xid {
    let found = KNOWN.iter().find(|xid| xid.number == number).copied();
    found.unwrap_or(known(number, false, "an error that Berth does not know"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_there_once_and_the_fatal_ones_are_known() {
        for pair in KNOWN.windows(2) {
            assert!(pair[0].number < pair[1].number, "{}", pair[1].number);
        }
        for number in [48, 64, 74, 79, 95, 119] {
            assert!(xid(number).fatal, "{number}");
        }
        for number in [13, 31, 43, 45, 63, 94, 999] {
            assert!(!xid(number).fatal, "{number}");
        }
    }
}
