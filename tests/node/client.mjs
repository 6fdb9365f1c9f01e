// A tablet: its state in one file, its edits, and its sync. Written from api-spec/sync.md, section by section.

import { closeSync, existsSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as R from './record.mjs';
import { CONTENT_TYPE, MAX_EXPANDED, PAGE, PROTOCOL, SCHEMA } from './spec.mjs';
import * as W from './wire.mjs';

/** A request that got no answer that counts. Everything that waited still waits. */
export class NotAnswered extends Error {
  constructor(status, problem) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
    Object.assign(this, { status, problem });
  }
}

const packed = (data) => Buffer.from(data).toString('base64');
const unpacked = (text) => new Uint8Array(Buffer.from(text, 'base64'));

/** Sends a request and gives `{ status, body, size }`: the body expanded, within its limit, and its bytes on the wire. */
function post(url, headers, body) {
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', headers: { ...headers, 'content-length': body.length } }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('aborted', () => reject(new Error('the answer was cut off')));
      response.on('end', () => {
        try {
          const whole = Buffer.concat(parts);
          const coding = response.headers['content-encoding'] ?? 'identity';
          const plain = coding === 'gzip' ? gunzipSync(whole, { maxOutputLength: MAX_EXPANDED }) : whole;
          resolve({ status: response.statusCode, body: plain, size: whole.length });
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.setTimeout(30_000, () => sent.destroy(new Error('the server did not answer in time')));
    sent.on('error', reject);
    sent.end(body);
  });
}

function problemOf({ status, body }) {
  try {
    return new NotAnswered(status, JSON.parse(body));
  } catch {
    return new NotAnswered(status, {});
  }
}

/** A new life's number: random, never 0. */
const newLife = () => Math.max(1, randomBytes(4).readUInt32BE());

export class Tablet {
  constructor(file, state) {
    this.file = file;
    this.state = state;
  }

  static open(file) {
    return new Tablet(file, JSON.parse(readFileSync(file, 'utf8')));
  }

  /** All or nothing: the new file takes the old one's place once it is durable. */
  persist() {
    const next = `${this.file}.next`;
    const handle = openSync(next, 'w', 0o600);
    writeSync(handle, JSON.stringify(this.state));
    fsyncSync(handle);
    closeSync(handle);
    renameSync(next, this.file);
  }

  // --- Enrolling --------------------------------------------------------------------------------------------------

  /** The key is kept before it is sent: where the answer is lost, the same code and key are sent again. */
  static async enrol({ file, server, code, name = 'Node' }) {
    let seed = W.hex(randomBytes(32));
    if (existsSync(file)) {
      const { state } = Tablet.open(file);
      if (state.device) throw new Error('this tablet is enrolled already; what it holds stays');
      seed = state.seed;
    }
    const tablet = new Tablet(file, { server, seed });
    tablet.persist();
    const key = Buffer.from(W.publicKey(seed), 'hex').toString('base64url');
    const body = Buffer.from(JSON.stringify({ code, public_key: key, device_name: name }));
    const answer = await post(`${server}/v1/enrol`, { 'content-type': 'application/json' }, body);
    if (answer.status !== 200) throw problemOf(answer);
    const { device_id: device, user, organisation, epoch } = JSON.parse(answer.body);
    tablet.state = {
      server, seed, device, user, organisation, epoch,
      incarnation: 0, number: 0, last_sync: 0,
      streams: {}, documents: {}, outbox: [], apart: [], people: {}, purged: [],
    };
    tablet.persist();
    return tablet;
  }

  // --- Records ----------------------------------------------------------------------------------------------------

  get author() {
    return R.actor(this.state.device, this.state.incarnation);
  }

  open(id) {
    const held = this.state.documents[id];
    if (!held) throw new Error('this tablet has no such record');
    return R.open(held.kind, this.author, unpacked(held.snapshot));
  }

  keep(stream, kind, id, document) {
    this.state.documents[id] = { kind, stream, snapshot: packed(R.save(document)), heads: R.heads(document) };
  }

  /** Edits a record, or begins it. The document and the change in the outbox are kept in one write. */
  edit(kind, stream, id, fields) {
    const held = this.state.documents[id];
    if (!this.state.streams[stream]) throw new Error('this tablet does not hold that group; sync first');
    if (held && (held.kind !== kind || held.stream !== stream)) throw new Error('another record has this id');
    const before = held ? this.open(id) : R.open(kind, this.author);
    const { document, change } = R.edit(kind, before, Math.floor(Date.now() / 1000), fields);
    if (!change) return false;
    this.keep(stream, kind, id, document);
    this.offer(stream, kind, id, change);
    this.persist();
    return true;
  }

  offer(stream, kind, document, change) {
    this.state.outbox.push({ stream, kind, document, schema: SCHEMA, hash: R.changeHash(change), change: W.hex(change) });
  }

  view(id) {
    const held = this.state.documents[id];
    const { record, conflicts, heads } = R.view(held?.kind, this.open(id));
    const named = (claim) => ({ ...claim, name: this.nameOf(claim.device) });
    return { id, kind: held.kind, stream: held.stream, ...record, heads,
      conflicts: conflicts.map((one) => ({ field: one.field, claims: one.claims.map(named) })) };
  }

  nameOf(device) {
    return device === this.state.device ? this.state.user.name : (this.state.people[device] ?? null);
  }

  all(kind, stream) {
    const mine = Object.entries(this.state.documents).filter(([, one]) => one.kind === kind && (!stream || one.stream === stream));
    return mine.map(([id]) => this.view(id));
  }

  // --- Syncing ----------------------------------------------------------------------------------------------------

  async sync() {
    this.report = {
      requests: 0, accepted: 0, duplicate: 0, received: 0, unreadable: 0, dropped: 0, sent_bytes: 0, received_bytes: 0,
      apart: [], merged: [], repaired: [],
    };
    for (let rounds = 0; rounds < 1000; rounds += 1) {
      if (!(await this.round())) return this.report;
    }
    throw new Error('the sync does not come to its end; everything is kept');
  }

  /** One request and its answer; says whether there is more to do. */
  async round() {
    this.state.number += 1;
    this.persist();
    this.report.requests += 1;
    const { body, flight, batch } = this.request();
    const answer = await post(`${this.state.server}/v1/sync`, {
      'content-type': CONTENT_TYPE, 'content-encoding': 'gzip', 'accept-encoding': 'gzip', accept: CONTENT_TYPE,
    }, body);
    this.report.sent_bytes += body.length;
    this.report.received_bytes += answer.size;
    if (answer.status === 200) return this.take(W.read(W.answer, answer.body), flight, batch);
    const failure = problemOf(answer);
    if (!failure.problem.type?.endsWith('/request-seen')) throw failure;
    this.state.number = failure.problem.last;
    this.state.incarnation = newLife();
    this.persist();
    return true;
  }

  request() {
    const { state } = this;
    const flight = [];
    let size = 0;
    for (const waiting of state.outbox) {
      size += waiting.change.length / 2;
      if (size > PAGE && flight.length > 0) break;
      flight.push(waiting);
    }
    const batch = W.uuid7(Date.now(), randomBytes(16));
    const cursors = Object.entries(state.streams).filter(([, reading]) => !reading.dropped);
    const request = {
      protocol: PROTOCOL, epoch: state.epoch, number: state.number, incarnation: state.incarnation,
      cursors: cursors.map(([stream, { position, whole }]) => ({ stream, position, whole })),
      batches: flight.length > 0 ? [this.envelope(flight, batch)] : [],
      purged: state.purged, budget: PAGE,
    };
    const signed = W.seal(W.FOR_REQUEST, state.device, state.seed, W.write(W.request, request));
    return { body: gzipSync(signed), flight, batch };
  }

  envelope(flight, batch) {
    const items = flight.map(({ stream, kind, document, schema, change }) => ({
      stream, kind, document, schema, digest: W.hex(W.sha256(W.bytes(change))),
    }));
    const payload = W.write(W.statement, { batch, at: Date.now(), items });
    const statement = W.hex(W.seal(W.FOR_BATCH, this.state.device, this.state.seed, payload));
    return { statement, changes: flight.map((one) => one.change) };
  }

  /** Takes an answer in, and keeps all of it in one write. */
  take(answer, flight, batch) {
    const { state } = this;
    if (answer.protocol !== PROTOCOL) throw new Error('the server speaks another version of the protocol');
    state.purged = [];
    state.last_sync = answer.now;
    if (state.epoch !== answer.epoch) {
      state.epoch = answer.epoch;
      for (const stream of Object.keys(state.streams)) this.beginAgain(stream);
    }
    const mine = answer.outcomes.find((one) => one.batch === batch);
    (mine?.outcomes ?? []).forEach((outcome, at) => flight[at] && this.settle(flight[at], outcome));
    for (const { device, name } of answer.people) state.people[device] = name;
    let more = false;
    for (const page of answer.pages) more = this.turn(page) || more;
    for (const stream of answer.dropped) (state.streams[stream] ??= { position: 0, whole: false }).dropped = true;
    this.purge();
    this.persist();
    return more || state.outbox.length > 0 || state.purged.length > 0;
  }

  settle(waiting, outcome) {
    this.state.outbox = this.state.outbox.filter((one) => one !== waiting);
    if (outcome.outcome !== 'quarantined') {
      this.report[outcome.outcome] += 1;
      return;
    }
    this.state.apart.push({ ...waiting, ...outcome });
    if (outcome.reason === 're-keyed') {
      this.state.incarnation = newLife();
      this.buildAnew(waiting.document, waiting.hash);
    }
    this.report.apart.push({ document: waiting.document, ...outcome });
  }

  /** Takes a re-keyed change, and what builds on it, out of its document: the change that has its number must fit in. */
  buildAnew(id, hash) {
    const { kind, stream } = this.state.documents[id];
    const gone = new Set([hash]);
    const stays = R.changes(this.open(id)).filter((one) => {
      if (gone.has(one.hash) || one.deps.some((behind) => gone.has(behind))) gone.add(one.hash);
      return !gone.has(one.hash);
    });
    const document = R.apply(R.open(kind, this.author), stays.map((one) => one.data));
    this.keep(stream, kind, id, document);
  }

  /** Takes one page in; says whether there is more to read. */
  turn(page) {
    const reading = (this.state.streams[page.stream] ??= { position: 0, whole: false, dropped: false });
    if (page.from !== reading.position && page.from !== 0) return true;
    const ended = page.fingerprint !== null;
    Object.assign(reading, { position: page.to, dropped: false, whole: reading.whole && !ended });
    for (const entry of page.entries) this.merge(page.stream, entry);
    const waits = this.state.outbox.some((one) => one.stream === page.stream);
    const differs = ended && !waits && this.fingerprint(page.stream) !== page.fingerprint;
    // Once a sync: what still differs after that is for the next one.
    if (differs && !this.report.repaired.includes(page.stream)) {
      this.report.repaired.push(page.stream);
      this.beginAgain(page.stream);
      return true;
    }
    return !ended;
  }

  merge(stream, { kind, document: id, change }) {
    const data = W.bytes(change);
    try {
      const hash = R.changeHash(data);
      for (const list of ['outbox', 'apart']) this.state[list] = this.state[list].filter((one) => one.hash !== hash);
      const document = this.state.documents[id] ? this.open(id) : R.open(kind, this.author);
      if (R.has(document, hash)) return;
      const after = R.apply(document, [data]);
      if (!R.has(after, hash)) throw new Error('it builds on what is not here');
      this.keep(stream, kind, id, after);
    } catch {
      this.report.unreadable += 1;
      return;
    }
    this.report.received += 1;
    if (!this.report.merged.includes(id)) this.report.merged.push(id);
  }

  /** Reads a stream from its start, and offers again what this device wrote. */
  beginAgain(stream) {
    const { state } = this;
    Object.assign(state.streams[stream], { position: 0, whole: true });
    const waiting = new Set([...state.outbox, ...state.apart].map((one) => one.hash));
    for (const [id, held] of Object.entries(state.documents)) {
      if (held.stream !== stream) continue;
      for (const { actor, hash, data } of R.changes(this.open(id))) {
        const mine = actor.startsWith(state.device.replaceAll('-', ''));
        if (mine && !waiting.has(hash)) this.offer(stream, held.kind, id, data);
      }
    }
  }

  /** Drops what may no longer be held, once all that was recorded there is handed in. */
  purge() {
    const { state } = this;
    for (const [stream, { dropped }] of Object.entries(state.streams)) {
      if (!dropped || state.outbox.some((one) => one.stream === stream)) continue;
      for (const [id, held] of Object.entries(state.documents)) if (held.stream === stream) delete state.documents[id];
      state.apart = state.apart.filter((one) => one.stream !== stream);
      delete state.streams[stream];
      state.purged.push(stream);
      this.report.dropped += 1;
    }
  }

  /** The fingerprint as the store should have it: without what it keeps apart. */
  fingerprint(stream) {
    const apart = new Set(this.state.apart.map((one) => one.hash));
    const parts = Object.entries(this.state.documents).filter(([, held]) => held.stream === stream).map(([id, held]) => {
      const touched = this.state.apart.some((one) => one.document === id);
      return W.fingerprint(id, touched ? this.headsWithout(id, apart) : held.heads);
    });
    return W.addFingerprints(parts);
  }

  headsWithout(id, apart) {
    const heads = new Set();
    for (const { hash, deps } of R.changes(this.open(id))) {
      if (apart.has(hash)) continue;
      for (const behind of deps) heads.delete(behind);
      heads.add(hash);
    }
    return [...heads];
  }
}
