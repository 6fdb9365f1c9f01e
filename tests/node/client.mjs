// A tablet: its enrolling and its sync, in the simple way of sync.md 4.5. Written from that page, section by section.

import { existsSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { BEFORE_ALL, Held, nothingYet } from './held.mjs';
import { NotAnswered, post } from './link.mjs';
import * as R from './record.mjs';
import { CONTENT_TYPE, KINDS, PAGE, PARTNERSHIP, PROTOCOL } from './spec.mjs';
import * as W from './wire.mjs';

/** How many changes that are quarantined one request asks after. */
const ASKED = 64;

const digestOf = ({ change }) => W.hex(W.sha256(W.bytes(change)));

/** A new life's number: random, never 0. */
const newLife = () => Math.max(1, randomBytes(4).readUInt32BE());

/**
 * How far a stream is read: `ask` is what its cursor asks, null where the tablet has to begin from the start; `key` is what
 * colleagues seal with.
 */
const begun = () => ({ ask: null, dropped: false, key: null });

export class Tablet extends Held {
  /** The key is kept before it is sent: where the answer is lost, the same code and key are sent again. */
  static async enrol({ file, server, code, name = 'Node' }) {
    let seed = W.hex(randomBytes(32));
    if (existsSync(file)) {
      const { state } = Tablet.load(file);
      if (state.device) throw new Error('this tablet is enrolled already; what it holds stays');
      seed = state.seed;
    }
    const tablet = new Tablet(file, { server, seed });
    tablet.persist();
    const key = Buffer.from(W.publicKey(seed), 'hex').toString('base64url');
    const body = Buffer.from(JSON.stringify({ code, public_key: key, device_name: name }));
    const answer = await post(`${server}/v1/enrol`, { 'content-type': 'application/json' }, body);
    if (answer.status !== 200) throw new NotAnswered(answer);
    const { device_id: device, user, organisation, epoch, store } = JSON.parse(answer.body);
    tablet.state = {
      server, seed, device, user, organisation, epoch, store,
      incarnation: 0, number: 0, last_sync: 0,
      streams: {}, documents: {}, outbox: [], quarantined: [], left: [], people: {}, purged: [],
    };
    tablet.persist();
    return tablet;
  }

  async sync() {
    this.report = nothingYet();
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
    const failure = new NotAnswered(answer);
    if (!/\/request-(seen|too-far)$/.test(failure.problem.type)) throw failure;
    this.state.number = failure.problem.last;
    this.state.incarnation = newLife();
    this.persist();
    return true;
  }

  // --- Up -----------------------------------------------------------------------------------------------------------

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
    const cursors = Object.entries(state.streams).filter(([, reading]) => !reading.dropped && reading.ask);
    const request = {
      protocol: PROTOCOL, epoch: state.epoch, number: state.number, incarnation: state.incarnation,
      cursors: cursors.map(([stream, { ask, key }]) => ({ stream, ask, key: key?.number ?? 0 })),
      batches: flight.length > 0 ? [this.envelope(flight, batch)] : [],
      purged: state.purged, budget: PAGE, carried: [],
      waiting: this.askedAfter(),
      about: { program: 'ihuriro-node 0.1.0', unsent: state.outbox.length - flight.length, key: null },
      kinds: KINDS.length, neighbours: state.neighbours?.heard ?? 0,
    };
    const signed = W.signed(W.FOR_REQUEST, state.device, state.seed, W.write(W.request, request));
    return { body: gzipSync(signed), flight, batch };
  }

  envelope(flight, batch) {
    const items = flight.map(({ stream, kind, document, schema, change }) => ({
      stream, kind, document, schema, digest: W.hex(W.sha256(W.bytes(change))),
    }));
    const payload = W.write(W.statement, { batch, at: Date.now(), items });
    const statement = W.hex(W.signed(W.FOR_BATCH, this.state.device, this.state.seed, payload));
    return { statement, changes: flight.map((one) => one.change) };
  }

  // --- Down ---------------------------------------------------------------------------------------------------------

  /** Takes an answer in, and keeps all of it in one write. */
  take(answer, flight, batch) {
    const { state } = this;
    if (answer.protocol !== PROTOCOL) throw new Error('the server speaks another version of the protocol');
    state.purged = [];
    state.last_sync = answer.now;
    if (state.epoch !== answer.epoch) this.newEpoch(answer);
    const mine = answer.outcomes.find((one) => one.batch === batch);
    (mine?.outcomes ?? []).forEach((outcome, at) => flight[at] && this.settle(flight[at], outcome));
    for (const one of answer.rejected) this.hearRejection(one);
    for (const one of answer.released) this.report.released += this.forgetLeft(one);
    for (const { device, name } of answer.people) state.people[device] = name;
    if (answer.neighbours) state.neighbours = { heard: answer.now, all: answer.neighbours };
    let more = false;
    for (const page of answer.pages) more = this.turn(page) || more;
    for (const { stream, number, identity } of answer.keys) (state.streams[stream] ??= begun()).key = { number, identity };
    for (const stream of answer.dropped) this.toldToDrop(stream);
    more = this.askForMissing(answer) || more;
    this.purge();
    this.persist();
    return more || state.outbox.length > 0 || state.purged.length > 0;
  }

  /** The store was restored from a backup: it may lack what it had, what it had quarantined too. */
  newEpoch(answer) {
    const { state } = this;
    state.epoch = answer.epoch;
    for (const { stream, kind, document, change } of state.quarantined.splice(0)) this.offer(stream, kind, document, W.bytes(change));
    for (const [stream, reading] of Object.entries(state.streams)) {
      reading.ask = null;
      if (!answer.pages.some((page) => page.stream === stream)) this.offerOwn(stream);
    }
  }

  /** Where nothing can be compared (any more), all that this tablet wrote is offered. */
  offerOwn(stream) {
    const own = this.state.device.replaceAll('-', '');
    for (const id of this.ids((one) => one.stream === stream)) this.offerAgain(id, ({ actor }) => actor.startsWith(own));
  }

  toldToDrop(stream) {
    const reading = (this.state.streams[stream] ??= begun());
    if (!reading.dropped && !reading.ask) this.offerOwn(stream);
    reading.dropped = true;
  }

  /** Some of what is quarantined, others each time. */
  askedAfter() {
    const open = [...this.state.quarantined.filter((one) => !one.rejection).map(digestOf), ...this.state.left.map((one) => one.digest)];
    const begin = open.length > ASKED ? (this.state.number * ASKED) % open.length : 0;
    return [...open.slice(begin), ...open.slice(0, begin)].slice(0, ASKED);
  }

  /** Somebody decided that a change stays out: nothing is to be built on it any more. */
  hearRejection({ document, digest, rejection }) {
    if (this.forgetLeft({ document, digest })) this.report.rejected.push({ document, ...rejection });
    const one = this.state.quarantined.find((other) => !other.rejection && other.document === document && digestOf(other) === digest);
    if (!one) return;
    if (one.reason === 'erased') this.state.quarantined = this.state.quarantined.filter((other) => other !== one);
    one.rejection = rejection;
    this.state.incarnation = newLife();
    this.buildAnew(document, one.hash);
    this.report.rejected.push({ document, ...rejection });
  }

  /** Of what was quarantined in a stream that is held no longer the decision is known. Says of how many changes. */
  forgetLeft({ document, digest }) {
    const { left } = this.state;
    this.state.left = left.filter((one) => one.document !== document || one.digest !== digest);
    return left.length - this.state.left.length;
  }

  settle(waiting, outcome) {
    this.state.outbox = this.state.outbox.filter((one) => one !== waiting);
    if (outcome.outcome !== 'quarantined') {
      this.report[outcome.outcome] += 1;
      return;
    }
    this.state.quarantined.push({ ...waiting, ...outcome });
    if (outcome.reason === 're-keyed') {
      this.state.incarnation = newLife();
      this.buildAnew(waiting.document, waiting.hash);
    }
    this.report.quarantined.push({ document: waiting.document, ...outcome });
  }

  /** Takes one page in; says whether there is more to read. */
  turn({ stream, fingerprint, tells }) {
    const reading = (this.state.streams[stream] ??= begun());
    if (reading.dropped) Object.assign(reading, { dropped: false, ask: null });
    const { ask } = reading;
    if (tells.changes && tells.changes.from === ask?.after) {
      this.mergeEntries(stream, tells.changes.entries);
      reading.ask = { after: tells.changes.to };
    } else if (tells.documents && (ask === null || ask.copy?.at === tells.documents.at)) {
      // What differs in the partnership's stream is forgotten, and copied again.
      if (ask === null && stream === PARTNERSHIP) this.forget(stream);
      reading.ask = this.mergeDocuments(stream, ask?.copy?.after ?? BEFORE_ALL, tells.documents);
    } else {
      return this.beginAgain(stream);
    }
    if (reading.ask.copy || fingerprint === null) return true;
    const waits = this.state.outbox.some((one) => one.stream === stream);
    return !waits && this.fingerprint(stream) !== fingerprint && this.beginAgain(stream);
  }

  /** Reads the stream from its start, once a sync: what still differs after that is for the next one. */
  beginAgain(stream) {
    if (this.report.repaired.includes(stream)) return false;
    this.report.repaired.push(stream);
    this.state.streams[stream].ask = null;
    return true;
  }

  /**
   * A stream that was to begin from the start and has no page: the tablet may read it no longer, or the store does not know
   * it. A cursor asks which. Says whether there is any.
   */
  askForMissing({ pages }) {
    const told = new Set(pages.map((page) => page.stream));
    const missing = Object.entries(this.state.streams).filter(([stream, { ask, dropped }]) => !ask && !dropped && !told.has(stream));
    for (const [, reading] of missing) reading.ask = { after: 0 };
    return missing.length > 0;
  }

  /** Drops what may no longer be held, once all that was recorded there is handed in. */
  purge() {
    const { state } = this;
    for (const [stream, { dropped }] of Object.entries(state.streams)) {
      if (!dropped || state.outbox.some((one) => one.stream === stream)) continue;
      this.forget(stream);
      // What is quarantined holds its numbers: should the stream come back, others are to be counted.
      const waiting = state.quarantined.filter((one) => one.stream === stream);
      if (waiting.length > 0) state.incarnation = newLife();
      // What becomes of it is asked after all the same.
      const undecided = waiting.filter((one) => !one.rejection);
      state.left.push(...undecided.map((one) => ({ document: one.document, digest: digestOf(one) })));
      state.quarantined = state.quarantined.filter((one) => one.stream !== stream);
      if (state.neighbours) state.neighbours.all = state.neighbours.all.filter((one) => one.group !== stream);
      delete state.streams[stream];
      state.purged.push(stream);
      this.report.dropped += 1;
    }
  }
}
