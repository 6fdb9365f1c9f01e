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
/** A list that stores of before leave out. */
const listOrNone = (type) => ({ to: list(type).to, from: (all) => list(type).from(all ?? []) });
/** A record: an array whose fields are known by their places; what is not said at its end is left out. */
const record = (fields) => ({
  to: (value) => {
    const array = Object.entries(fields).map(([name, type]) => type.to(value[name]));
    while (array.at(-1) === null) array.pop();
    return array;
  },
  from: (array) => Object.fromEntries(Object.entries(fields).map(([name, type], at) => [name, type.from(array[at])])),
});

/** One of several, told apart by a number: `{ name: value }`, or the name alone where nothing follows. */
const choice = (options) => {
  const names = Object.keys(options);
  const number = (name) => {
    if (!names.includes(name)) throw new Error(`${name} is none of ${names.join(', ')}`);
    return names.indexOf(name);
  };
  return {
    to: (value) => {
      const name = typeof value === 'string' ? value : Object.keys(value)[0];
      return [number(name), options[name] ? options[name].to(value[name]) : []];
    },
    from: ([at, values]) => {
      if (!(at in names)) throw new Error(`no number ${at} of ${names.join(', ')}`);
      const type = options[names[at]];
      return type ? { [names[at]]: type.from(values) } : names[at];
    },
  };
};
/** The one value that follows a number. */
const only = (type) => ({ to: (value) => [type.to(value)], from: ([value]) => type.from(value) });

const reasons = choice({
  'not-assigned': null, unreadable: null, invalid: record({ field: plain, why: plain }), 're-keyed': null,
  'missing-dependency': null, 'unknown-schema': null, 'too-large': null, unvouched: null, erased: null,
});
const reason = {
  to: ({ reason: name, field, why }) => reasons.to(name === 'invalid' ? { invalid: { field, why } } : name),
  from: (array) => {
    const found = reasons.from(array);
    return found.invalid ? { reason: 'invalid', ...found.invalid } : { reason: found };
  },
};
const outcomes = choice({ accepted: null, duplicate: null, quarantined: only(reason) });
const outcome = {
  to: (one) => outcomes.to(one.outcome === 'quarantined' ? { quarantined: one } : one.outcome),
  from: (array) => {
    const found = outcomes.from(array);
    return found.quarantined ? { outcome: 'quarantined', ...found.quarantined } : { outcome: found };
  },
};

const cursor = record({
  stream: uuid,
  ask: choice({
    after: only(plain), copy: record({ at: plain, after: uuid }), agree: record({ message: blob, wanted: list(blob) }),
  }),
  key: plain,
});
export const envelope = record({ statement: blob, changes: list(blob) });
const item = record({ stream: uuid, kind, document: uuid, schema: plain, digest: blob });
export const statement = record({ batch: uuid, at: plain, items: list(item) });
export const request = record({
  protocol: plain, epoch: uuid, number: plain, incarnation: plain, cursors: list(cursor),
  batches: list(envelope), purged: list(uuid), budget: plain, carried: list(blob), waiting: list(blob),
  about: orNull(record({ program: plain, unsent: plain, key: orNull(blob) })),
  kinds: orNull(plain), neighbours: orNull(plain),
});
const neighbour = record({
  group: uuid, overlaps: plain, organisation: plain, contact: orNull(plain), modality: plain, pillar: orNull(plain),
  cohort: orNull(plain), area: plain, from: orNull(plain), to: orNull(plain),
});
const entry = record({ kind, document: uuid, schema: plain, change: blob });
const whole = record({ kind, document: uuid, snapshot: blob });
const page = record({
  stream: uuid,
  fingerprint: orNull(blob),
  tells: choice({
    changes: record({ from: plain, to: plain, entries: list(entry) }),
    documents: record({ at: plain, more: plain, message: blob, documents: list(whole) }),
    lost: null,
  }),
});
export const answer = record({
  protocol: plain, epoch: uuid, now: plain,
  outcomes: list(record({ batch: uuid, outcomes: list(outcome) })),
  pages: list(page), dropped: list(uuid), people: list(record({ device: uuid, name: plain })),
  receipts: list(choice({ taken: only(blob), refused: null })),
  keys: list(record({ stream: uuid, number: plain, identity: plain })),
  rejected: list(record({ document: uuid, digest: blob, rejection: record({ by: plain, because: plain }) })),
  standing: orNull(record({ revoked: plain, has_key: plain, lease: plain })),
  released: listOrNone(record({ document: uuid, digest: blob })),
  neighbours: orNull(list(neighbour)),
});

export const bundle = record({
  version: plain, parts: list(record({ for_store: plain, sealed: blob })), receipts: list(blob),
});
export const sealed = record({ stream: uuid, batch: orNull(envelope), documents: list(whole) });
export const settlement = record({
  device: uuid, epoch: uuid, settled: list(record({ document: uuid, digest: blob, outcome })),
});

export const write = (type, view) => new Uint8Array(encode(type.to(view)));
export const read = (type, data) => type.from(decode(new Uint8Array(data)));

// --- Signatures: COSE_Sign1 (RFC 9052) with Ed25519 -----------------------------------------------------------------

const PROTECTED = bytes('a10127');
const KID = 4;
export const FOR_REQUEST = 'ihuriro request 1';
export const FOR_BATCH = 'ihuriro batch 1';
export const FOR_RECEIPT = 'ihuriro receipt 1';

const privateKey = (seed) =>
  createPrivateKey({ key: Buffer.from(`302e020100300506032b657004220420${seed}`, 'hex'), format: 'der', type: 'pkcs8' });
const publicKeyOf = (raw) =>
  createPublicKey({ key: Buffer.from(`302a300506032b6570032100${raw}`, 'hex'), format: 'der', type: 'spki' });

/** The public key of a seed; both in hex. */
export const publicKey = (seed) => hex(createPublicKey(privateKey(seed)).export({ format: 'der', type: 'spki' }).subarray(12));

export const toBeSigned = (purpose, payload) =>
  new Uint8Array(encode(['Signature1', PROTECTED, new Uint8Array(Buffer.from(purpose)), payload]));

/** Signs as `signer`: a device, or for a receipt the store's epoch. */
export function signed(purpose, signer, seed, payload) {
  const signature = sign(null, toBeSigned(purpose, payload), privateKey(seed));
  return new Uint8Array(
    encode(new Tag(18, [PROTECTED, new Map([[KID, uuidToBytes(signer)]]), payload, new Uint8Array(signature)])),
  );
}

/** Gives `{ signer, payload, holds(publicKey, purpose) }`. */
export function opened(data) {
  // cbor2 writes a Buffer otherwise than the Uint8Array that it also is.
  const tagged = decode(new Uint8Array(data), { preferMap: true });
  if (!(tagged instanceof Tag) || Number(tagged.tag) !== 18) throw new Error('not a COSE_Sign1');
  const [header, unprotected, payload, signature] = tagged.contents;
  if (hex(header) !== hex(PROTECTED)) throw new Error('not EdDSA');
  return {
    signer: bytesToUuid(unprotected.get(KID)),
    payload,
    holds: (key, purpose) => verify(null, toBeSigned(purpose, payload), publicKeyOf(key), signature),
  };
}

// --- Ids and fingerprints ---------------------------------------------------------------------------------------

const PARTS = ['morning', 'afternoon', 'evening'];

/** The session of a group on a day: UUIDv5 (RFC 9562, section 5.5). */
export function sessionId(group, date, part, nth = 0) {
  return uuid5(group, `${date}/${PARTS.indexOf(part)}${nth ? `/${nth}` : ''}`);
}

export const participantId = (group, code) => uuid5(group, code);
export const sharedLessonId = (lesson) => uuid5(lesson, 'shared');
export const adoptionId = (organisation, sharedLesson) => uuid5(organisation, sharedLesson);

/** UUIDv5 (RFC 9562, section 5.5). */
function uuid5(group, text) {
  const name = Buffer.from(text);
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
