// sync.cddl in JavaScript: views (plain objects, bytes in hex) to CBOR and back, signatures, ids, fingerprints.

import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { decode, encode, Tag } from 'cbor2';
import { KINDS } from './spec.mjs';

export const hex = (bytes) => Buffer.from(bytes).toString('hex');
export const bytes = (text) => new Uint8Array(Buffer.from(text, 'hex'));
export const sha256 = (data) => createHash('sha256').update(data).digest();

export const uuidToBytes = (text) => bytes(text.replaceAll('-', ''));
export const bytesToUuid = (data) => {
  if (data.length !== 16) throw new Error('an id is sixteen bytes');
  return hex(data).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
};

// --- The grammar: each type knows its way to CBOR and back -----------------------------------------------------

const plain = { to: (value) => value, from: (value) => value };
const blob = { to: bytes, from: hex };
const uuid = { to: uuidToBytes, from: bytesToUuid };
const kind = { to: (name) => KINDS.indexOf(name), from: (number) => KINDS[number] };
const orNull = (type) => ({
  to: (value) => (value === null ? null : type.to(value)),
  from: (value) => (value === null || value === undefined ? null : type.from(value)),
});
const list = (type) => ({ to: (all) => all.map(type.to), from: (all) => all.map(type.from) });
/** A record: an array whose fields are known by their places. */
const record = (fields) => ({
  to: (value) => Object.entries(fields).map(([name, type]) => type.to(value[name])),
  from: (array) => Object.fromEntries(Object.entries(fields).map(([name, type], at) => [name, type.from(array[at])])),
});

const REASONS = [
  'not-assigned', 'unreadable', 'invalid', 're-keyed', 'missing-dependency', 'unknown-schema', 'too-large',
];
const reason = {
  to: (one) => [REASONS.indexOf(one.reason), one.reason === 'invalid' ? [one.field, one.why] : []],
  from: ([number, [field, why]]) =>
    REASONS[number] === 'invalid' ? { reason: 'invalid', field, why } : { reason: REASONS[number] },
};
const outcome = {
  to: (one) => (one.outcome === 'quarantined' ? [2, [reason.to(one)]] : [one.outcome === 'accepted' ? 0 : 1, []]),
  from: ([number, [why]]) =>
    number === 2 ? { outcome: 'quarantined', ...reason.from(why) } : { outcome: ['accepted', 'duplicate'][number] },
};

const cursor = record({ stream: uuid, position: plain, whole: plain });
export const envelope = record({ statement: blob, changes: list(blob) });
const item = record({ stream: uuid, kind, document: uuid, schema: plain, digest: blob });
export const statement = record({ batch: uuid, at: plain, items: list(item) });
export const request = record({
  protocol: plain, epoch: uuid, number: plain, incarnation: plain, cursors: list(cursor),
  batches: list(envelope), purged: list(uuid), budget: plain,
});
const entry = record({ kind, document: uuid, schema: plain, change: blob });
const page = record({ stream: uuid, from: plain, to: plain, fingerprint: orNull(blob), entries: list(entry) });
export const answer = record({
  protocol: plain, epoch: uuid, now: plain,
  outcomes: list(record({ batch: uuid, outcomes: list(outcome) })),
  pages: list(page), dropped: list(uuid), people: list(record({ device: uuid, name: plain })),
});

export const write = (type, view) => new Uint8Array(encode(type.to(view)));
export const read = (type, data) => type.from(decode(new Uint8Array(data)));

// --- Signatures: COSE_Sign1 (RFC 9052) with Ed25519 -----------------------------------------------------------------

const PROTECTED = bytes('a10127');
const KID = 4;
export const FOR_REQUEST = 'ihuriro request 1';
export const FOR_BATCH = 'ihuriro batch 1';

const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'), format: 'der', type: 'pkcs8' });
const publicKeyOf = (raw) =>
  createPublicKey({ key: Buffer.from(`302a300506032b6570032100${raw}`, 'hex'), format: 'der', type: 'spki' });

/** The public key of a seed; both in hex. */
export const publicKey = (seed) => hex(createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(12));

export const toBeSigned = (purpose, payload) =>
  new Uint8Array(encode(['Signature1', PROTECTED, new Uint8Array(Buffer.from(purpose)), payload]));

export function seal(purpose, device, seed, payload) {
  const signature = sign(null, toBeSigned(purpose, payload), privateKey(seed));
  return new Uint8Array(
    encode(new Tag(18, [PROTECTED, new Map([[KID, uuidToBytes(device)]]), payload, new Uint8Array(signature)])),
  );
}

/** Gives `{ device, payload, holds(publicKey, purpose) }`. */
export function unseal(data) {
  // cbor2 writes a Buffer otherwise than the Uint8Array that it also is.
  const tagged = decode(new Uint8Array(data), { preferMap: true });
  if (!(tagged instanceof Tag) || Number(tagged.tag) !== 18) throw new Error('not a COSE_Sign1');
  const [header, unprotected, payload, signature] = tagged.contents;
  if (hex(header) !== hex(PROTECTED)) throw new Error('not EdDSA');
  return {
    device: bytesToUuid(unprotected.get(KID)),
    payload,
    holds: (key, purpose) => verify(null, toBeSigned(purpose, payload), publicKeyOf(key), signature),
  };
}

// --- Ids and fingerprints ---------------------------------------------------------------------------------------

const PARTS = ['morning', 'afternoon', 'evening'];

/** The session of a group on a day: UUIDv5 (RFC 9562, section 5.5). */
export function sessionId(group, date, part) {
  const name = Buffer.from(`${date}/${PARTS.indexOf(part)}`);
  const sum = createHash('sha1').update(uuidToBytes(group)).update(name).digest().subarray(0, 16);
  sum[6] = (sum[6] & 0x0f) | 0x50;
  sum[8] = (sum[8] & 0x3f) | 0x80;
  return bytesToUuid(sum);
}

/** UUIDv7 (RFC 9562, section 5.7). */
export function uuid7(now, random) {
  const data = Buffer.from(random.subarray(0, 16));
  data.writeUIntBE(now, 0, 6);
  data[6] = (data[6] & 0x0f) | 0x70;
  data[8] = (data[8] & 0x3f) | 0x80;
  return bytesToUuid(data);
}

const SPACE = 1n << 128n;
const number = (text) => BigInt(`0x${text}`);
const text = (sum) => (((sum % SPACE) + SPACE) % SPACE).toString(16).padStart(32, '0');

export const NO_FINGERPRINT = '0'.repeat(32);
/** One document's part. */
export const fingerprint = (document, heads) =>
  heads.length === 0
    ? NO_FINGERPRINT
    : hex(sha256(Buffer.concat([uuidToBytes(document), ...[...heads].sort().map(bytes)])).subarray(0, 16));
export const addFingerprints = (parts) => text(parts.reduce((sum, part) => sum + number(part), 0n));
