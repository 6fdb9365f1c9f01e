//! Numbers as Automerge writes them (LEB128), read and written apart from the code that is tested.

/// A number without a sign.
pub fn unsigned(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// A number that is not below zero, as one that could be.
pub fn signed(number: u64) -> Vec<u8> {
    let mut bytes = unsigned(number);
    // The second highest bit of the last byte is the sign.
    if bytes.last().is_some_and(|last| last & 0x40 != 0) {
        *bytes.last_mut().expect("a number has a byte") |= 0x80;
        bytes.push(0);
    }
    bytes
}

/// Takes a number off the front of `bytes`.
pub fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}
