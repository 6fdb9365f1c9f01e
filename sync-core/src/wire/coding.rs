//! Content codings. Expansion is bounded while it happens: a small body can't become a large one.

use std::fmt;
use std::io::{Read, Write};
use std::str::FromStr;

/// How a body is compressed, as named in `Content-Encoding` (RFC 9110; zstd: RFC 8878).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    Zstd,
    Gzip,
    Identity,
}

/// A coding that this version does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the content coding must be zstd, gzip or identity")]
pub struct UnknownCoding;

/// A body that does not expand, or expands past its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooExpansive {
    #[error("the body expands to more than {0} bytes")]
    Limit(usize),
    #[error("the body is not what its content coding says, or was cut off")]
    Broken,
}

impl FromStr for Coding {
    type Err = UnknownCoding;
    fn from_str(name: &str) -> Result<Self, UnknownCoding> {
        match name.trim().to_ascii_lowercase().as_str() {
            "zstd" => Ok(Self::Zstd),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "identity" | "" => Ok(Self::Identity),
            _ => Err(UnknownCoding),
        }
    }
}

impl fmt::Display for Coding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Identity => "identity",
        })
    }
}

impl Coding {
    /// The best coding that an `Accept-Encoding` header allows; identity without one. A coding with weight 0 is refused.
    pub fn accepted(header: &str) -> Self {
        let allowed = |name: &str| {
            header.split(',').any(|one| {
                let mut parts = one.split(';').map(str::trim);
                let named = parts.next().is_some_and(|first| first.eq_ignore_ascii_case(name));
                named
                    && !parts
                        .any(|weight| weight.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0_f32)))
            })
        };
        if allowed("zstd") {
            Self::Zstd
        } else if allowed("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }
}

/// Compresses a body.
pub fn close(coding: Coding, body: &[u8]) -> Vec<u8> {
    let packed = match coding {
        Coding::Identity => Ok(body.to_vec()),
        Coding::Zstd => zstd::bulk::compress(body, 9),
        Coding::Gzip => (|| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
            encoder.write_all(body)?;
            encoder.finish()
        })(),
    };
    packed.expect("compressing memory into memory can't fail")
}

/// Expands a body, up to `limit` bytes.
///
/// # Errors
/// [`TooExpansive`] if it is broken or would pass the limit; it is never expanded past it.
pub fn open(coding: Coding, body: &[u8], limit: usize) -> Result<Vec<u8>, TooExpansive> {
    let mut expanded = Vec::new();
    let ceiling = limit as u64 + 1;
    let read = match coding {
        Coding::Identity => body.take(ceiling).read_to_end(&mut expanded),
        Coding::Gzip => flate2::read::GzDecoder::new(body).take(ceiling).read_to_end(&mut expanded),
        Coding::Zstd => match zstd::stream::read::Decoder::with_buffer(body) {
            Ok(mut decoder) => {
                // A frame may ask for a window of gigabytes; eight mebibytes is all that our limit can need.
                decoder.window_log_max(23).and_then(|()| decoder.take(ceiling).read_to_end(&mut expanded))
            }
            Err(error) => Err(error),
        },
    };
    read.map_err(|_| TooExpansive::Broken)?;
    if expanded.len() > limit { Err(TooExpansive::Limit(limit)) } else { Ok(expanded) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_closed_opens_again_and_no_wider_than_allowed() {
        let body = vec![b'i'; 100_000];
        for coding in [Coding::Zstd, Coding::Gzip, Coding::Identity] {
            let closed = close(coding, &body);
            assert_eq!(open(coding, &closed, 100_000).as_ref(), Ok(&body), "{coding}");
            assert_eq!(open(coding, &closed, 99_999), Err(TooExpansive::Limit(99_999)), "{coding}");
        }
    }

    #[test]
    fn a_body_cut_off_is_broken() {
        for coding in [Coding::Zstd, Coding::Gzip] {
            let closed = close(coding, b"a meeting of the group in Kabeza");
            assert_eq!(
                open(coding, &closed[..closed.len() - 5], 1000),
                Err(TooExpansive::Broken),
                "{coding}"
            );
        }
    }

    #[test]
    fn the_best_coding_is_chosen_and_refusals_are_heard() {
        assert_eq!(Coding::accepted("gzip, zstd"), Coding::Zstd);
        assert_eq!(Coding::accepted("gzip, zstd;q=0"), Coding::Gzip);
        assert_eq!(Coding::accepted(""), Coding::Identity);
    }
}
