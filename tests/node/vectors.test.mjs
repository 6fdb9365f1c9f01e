// Every vector, checked by an implementation that shares no code with the one that made it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as A from '@automerge/automerge';
import { foreign } from './foreign.mjs';
import * as R from './record.mjs';
import { FIELDS, KINDS, SCHEMA, vector } from './spec.mjs';
import * as W from './wire.mjs';

const { tablets, store } = vector('keys');
const keyOf = (device) => tablets.find((one) => one.device === device);

test('keys: public keys follow from seeds', () => {
  for (const { seed, public_key } of tablets) assert.equal(W.publicKey(seed), public_key);
  assert.equal(W.publicKey(store.receipt_seed), store.receipt_key);
});

test('genesis: each loads, has its hash, and can be built from the page', () => {
  for (const { kind, number, schema, hash, change, tombstone } of vector('genesis')) {
    assert.equal(KINDS[number], kind);
    assert.equal(schema, SCHEMA);
    const [given] = A.applyChanges(A.init(), [W.bytes(change)]);
    assert.deepEqual(A.getHeads(given), [hash]);
    // Actor 00, time 0, no message: what genesis.json says can also be made.
    const built = A.change(A.init({ actor: '00' }), { time: 0 }, (root) => {
      root.record = new A.ImmutableString(kind);
      root.schema = schema;
      for (const { name, form } of FIELDS[kind]) {
        if (['set', 'log', 'entries'].includes(form)) root[name] = {};
        if (form === 'text') root[name] = '';
      }
    });
    assert.deepEqual(A.getHeads(built), [hash], kind);
    assert.equal(W.hex(A.getLastLocalChange(built)), change);
    // So can the change that makes its tombstone.
    const [begun] = A.applyChanges(A.init({ actor: '00'.repeat(20) }), [W.bytes(change)]);
    const erased = A.change(begun, { time: 0 }, (root) => { root.tombstone = true; });
    assert.deepEqual(A.getHeads(erased), [tombstone.hash], kind);
    assert.equal(W.hex(A.getLastLocalChange(erased)), tombstone.change);
  }
});

test('session ids: UUIDv5 of group, day, part and number', () => {
  for (const { group, date, part, nth, session } of vector('session-ids')) {
    assert.equal(W.sessionId(group, date, part, nth), session);
  }
});

test('participant ids: UUIDv5 of group and code', () => {
  for (const { group, code, participant } of vector('participant-ids')) {
    assert.equal(W.participantId(group, code), participant);
  }
});

test('lesson ids: UUIDv5 of the lesson, and of organisation and shared lesson', () => {
  for (const { lesson, shared_lesson, organisation, adoption } of vector('lesson-ids')) {
    assert.equal(W.sharedLessonId(lesson), shared_lesson);
    assert.equal(W.adoptionId(organisation, shared_lesson), adoption);
  }
});

test('story: each change has its hash, digest, actor and dependencies, and the records read alike', () => {
  const { changes, documents } = vector('story');
  for (const one of changes) {
    const data = W.bytes(one.change);
    const meta = R.metaOf(data);
    assert.equal(meta.hash, one.hash);
    assert.equal(W.hex(W.sha256(data.subarray(8))), one.hash, 'from the type byte on');
    assert.equal(meta.actor, R.actor(one.device, one.incarnation));
    assert.deepEqual([meta.seq, meta.time, [...meta.deps].sort()], [one.seq, one.time, [...one.deps].sort()]);
    assert.equal(W.hex(W.sha256(data)), one.digest);
  }
  for (const { document, then, after = changes.length } of documents) {
    const mine = changes.slice(0, after).filter((one) => one.document === document).map((one) => W.bytes(one.change));
    for (const order of [mine, [...mine].reverse()]) {
      assert.deepEqual(R.view(then.kind, R.apply(R.open(then.kind), order)), then);
    }
  }
});

test('batch: the signature holds, for its purpose only, and all is written again byte for byte', () => {
  const batch = vector('batch');
  const { seed, public_key } = keyOf(batch.device);
  assert.equal(W.hex(W.write(W.statement, batch.statement)), batch.payload);
  assert.equal(W.hex(W.toBeSigned(W.FOR_BATCH, W.bytes(batch.payload))), batch.to_be_signed);
  const signed = W.signed(W.FOR_BATCH, batch.device, seed, W.bytes(batch.payload));
  assert.equal(W.hex(signed), batch.signed);
  const opened = W.opened(signed);
  assert.equal(opened.signer, batch.device);
  assert.ok(opened.holds(public_key, W.FOR_BATCH));
  assert.ok(!opened.holds(public_key, W.FOR_REQUEST));
  assert.ok(!opened.holds(tablets.find((one) => one.device !== batch.device).public_key, W.FOR_BATCH));
  assert.equal(batch.envelope.statement, batch.signed);
  assert.equal(W.hex(W.write(W.envelope, batch.envelope)), batch.bytes);
  assert.deepEqual(W.read(W.envelope, W.bytes(batch.bytes)), batch.envelope);
  const digests = batch.envelope.changes.map((change) => W.hex(W.sha256(W.bytes(change))));
  assert.deepEqual(digests, batch.statement.items.map((item) => item.digest));
});

test('exchange: requests and answers read as their views and are written again byte for byte', () => {
  const { requests, answers } = vector('exchange');
  for (const { what, device, view, payload, body } of requests) {
    assert.deepEqual(W.read(W.request, W.bytes(payload)), view, what);
    assert.equal(W.hex(W.write(W.request, view)), payload, what);
    assert.equal(W.hex(W.signed(W.FOR_REQUEST, device, keyOf(device).seed, W.bytes(payload))), body, what);
    assert.ok(W.opened(W.bytes(body)).holds(keyOf(device).public_key, W.FOR_REQUEST), what);
  }
  for (const { what, view, body } of answers) {
    assert.deepEqual(W.read(W.answer, W.bytes(body)), view, what);
    assert.equal(W.hex(W.write(W.answer, view)), body, what);
  }
});

test('bundle: what is inside its parts, the receipt that the store signed, and the file', () => {
  const { sealed, receipt, bundle } = vector('bundle');
  for (const { what, view, bytes } of sealed) {
    assert.deepEqual(W.read(W.sealed, W.bytes(bytes)), view, what);
    assert.equal(W.hex(W.write(W.sealed, view)), bytes, what);
  }
  assert.deepEqual(W.read(W.settlement, W.bytes(receipt.payload)), receipt.view);
  assert.equal(W.hex(W.write(W.settlement, receipt.view)), receipt.payload);
  assert.equal(W.hex(W.toBeSigned(W.FOR_RECEIPT, W.bytes(receipt.payload))), receipt.to_be_signed);
  const signed = W.signed(W.FOR_RECEIPT, store.epoch, store.receipt_seed, W.bytes(receipt.payload));
  assert.equal(W.hex(signed), receipt.signed);
  const opened = W.opened(signed);
  assert.deepEqual([opened.signer, receipt.view.epoch], [store.epoch, store.epoch]);
  assert.ok(opened.holds(store.receipt_key, W.FOR_RECEIPT));
  assert.ok(!opened.holds(store.receipt_key, W.FOR_BATCH));
  // It speaks of the work, by document and digest.
  const [work, state] = sealed.map((one) => one.view);
  const batch = W.opened(W.bytes(work.batch.statement));
  assert.equal(batch.signer, receipt.view.device);
  assert.ok(batch.holds(keyOf(batch.signer).public_key, W.FOR_BATCH));
  const listed = W.read(W.statement, batch.payload).items.map(({ document, digest }) => [document, digest]);
  assert.deepEqual(receipt.view.settled.map(({ document, digest }) => [document, digest]), listed);
  for (const { kind, document, snapshot } of state.documents) {
    const then = vector('story').documents.find((one) => one.document === document && !one.after).then;
    assert.deepEqual(R.view(kind, R.open(kind, R.actor(batch.signer, 0), W.bytes(snapshot))), then);
  }
  assert.deepEqual(W.read(W.bundle, W.bytes(bundle.bytes)), bundle.view);
  assert.equal(W.hex(W.write(W.bundle, bundle.view)), bundle.bytes);
});

test('fingerprints: parts, their sum, and heads in any order', () => {
  const { empty, parts, stream, two_heads_in_any_order: two } = vector('fingerprints');
  for (const { document, heads, part } of [...parts, two]) assert.equal(W.fingerprint(document, heads), part);
  assert.equal(W.addFingerprints(parts.map((one) => one.part)), stream);
  assert.equal(W.addFingerprints([]), empty);
  assert.equal(W.fingerprint(parts[0].document, []), empty);
  assert.equal(W.addFingerprints(['f'.repeat(32), '0'.repeat(31) + '2']), '0'.repeat(31) + '1', 'modulo 2^128');
});

test('foreign: what this implementation writes is what the Rust side was held to', () => {
  assert.deepEqual(foreign(), vector('foreign'));
});
