//! CBOR (RFC 8949) of the protocol's messages: arrays in the order of their fields, and nothing after them.

use minicbor::{Decode, Encode};

/// Bytes that are not exactly one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the bytes are not one whole message")]
pub struct NotOneMessage;

pub fn to_bytes<T: Encode<()>>(message: &T) -> Vec<u8> {
    minicbor::to_vec(message).expect("writing to a Vec can't fail")
}

/// Reads one message that takes all of `bytes`.
///
/// # Errors
/// [`NotOneMessage`] if the bytes are no such message, or if anything follows it.
pub fn from_bytes<'b, T: Decode<'b, ()>>(bytes: &'b [u8]) -> Result<T, NotOneMessage> {
    let mut decoder = minicbor::Decoder::new(bytes);
    let message = decoder.decode().map_err(|_| NotOneMessage)?;
    if decoder.position() == bytes.len() { Ok(message) } else { Err(NotOneMessage) }
}
