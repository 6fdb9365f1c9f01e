//! The hashes of the tree as they are stored: in tiles of 256, eight levels of the tree in one (c2sp.org/tlog-tiles). Tile `n` of level 0
//! has the hashes of entries `256 n` and those that follow; of level `l + 1`, the roots of whole tiles of level `l`. The last tile of a
//! level may have fewer. So the root of the log at any size is computed of one tile from each level.

use diesel::prelude::*;

use super::tree::{Hash, root};
use crate::on_each;
use crate::store::schema::audit_tiles;
use crate::store::{Conn, StoreError};

/// How many hashes a whole tile has.
pub(super) const WHOLE: u64 = 256;

/// The hashes of one tile; none where there is no such tile.
pub(super) fn tile(tx: &mut Conn<'_>, level: u32, number: u64) -> Result<Vec<Hash>, StoreError> {
    let key = (level.cast_signed(), number.cast_signed());
    let bytes: Option<Vec<u8>> =
        on_each!(tx, |c| audit_tiles::table.find(key).select(audit_tiles::hashes).first(c).optional())?;
    Ok(bytes.unwrap_or_default().as_chunks().0.to_vec())
}

/// How many hashes a level has.
pub(super) fn width(tx: &mut Conn<'_>, level: u32) -> Result<u64, StoreError> {
    let last: Option<(i64, Vec<u8>)> = on_each!(tx, |c| audit_tiles::table
        .filter(audit_tiles::level.eq(level.cast_signed()))
        .order(audit_tiles::number.desc())
        .select((audit_tiles::number, audit_tiles::hashes))
        .first(c)
        .optional())?;
    Ok(last.map_or(0, |(number, hashes)| number.cast_unsigned() * WHOLE + (hashes.len() / 32) as u64))
}

/// How many entries the log has.
pub(super) fn size(tx: &mut Conn<'_>) -> Result<u64, StoreError> {
    width(tx, 0)
}

/// Adds hashes at the end of a level; the root of each tile that becomes whole is added to the level above.
pub(super) fn append(tx: &mut Conn<'_>, level: u32, hashes: &[Hash]) -> Result<(), StoreError> {
    let mut end = width(tx, level)?;
    let mut rest = hashes;
    while !rest.is_empty() {
        let number = end / WHOLE;
        let mut all = tile(tx, level, number)?;
        let (now, later) = rest.split_at(rest.len().min((WHOLE - end % WHOLE) as usize));
        all.extend(now);
        write(tx, level, number, &all)?;
        if all.len() as u64 == WHOLE {
            append(tx, level + 1, &[root(&all)])?;
        }
        (end, rest) = (end + now.len() as u64, later);
    }
    Ok(())
}

fn write(tx: &mut Conn<'_>, level: u32, number: u64, hashes: &[Hash]) -> Result<(), StoreError> {
    let hashes = audit_tiles::hashes.eq(hashes.concat());
    on_each!(tx, |c| diesel::insert_into(audit_tiles::table)
        .values((
            audit_tiles::level.eq(level.cast_signed()),
            audit_tiles::number.eq(number.cast_signed()),
            hashes.clone()
        ))
        .on_conflict((audit_tiles::level, audit_tiles::number))
        .do_update()
        .set(hashes.clone())
        .execute(c))?;
    Ok(())
}

/// The root of the log as it was when it had so many entries; `None` where a tile lacks hashes.
///
/// Whole tiles are subtrees of the tree over all entries, so the tree is one over their roots, with what is left over at the end of each
/// level as the last of them.
pub(super) fn root_at(tx: &mut Conn<'_>, size: u64) -> Result<Option<Hash>, StoreError> {
    let (mut level, mut width, mut end) = (0, size, None);
    loop {
        let (whole, left) = (width / WHOLE, (width % WHOLE) as usize);
        let mut last = if left > 0 { tile(tx, level, whole)? } else { Vec::new() };
        if last.len() < left {
            return Ok(None);
        }
        last.truncate(left);
        last.extend(end);
        if whole == 0 {
            return Ok(Some(root(&last)));
        }
        end = (!last.is_empty()).then(|| root(&last));
        (level, width) = (level + 1, whole);
    }
}
