// A store for these tests only, in memory: enough of sync.md to see that a simple client keeps its side. The journey
// tests run the client against the real server.

import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as R from './record.mjs';
import { CONTENT_TYPE, GENESIS } from './spec.mjs';
import * as W from './wire.mjs';

export class Store {
  devices = new Map();
  /** stream -> [{ device, kind, document, schema, change, hash, actor, seq }] */
  logs = new Map();
  epoch = W.uuid7(Date.now(), randomBytes(16));
  /** Up to here, no stream can be read change by change. */
  compactedTo = 0;
  /** The number of each stream's key. */
  keyNumber = 1;
  /** What somebody rejected: { document, digest, rejection }. */
  rejected = [];
  /** What somebody let in: { document, digest }. */
  released = [];
  /** Set to change an answer on its way out, or to lose it. */
  spoil = (answer) => answer;
  pageSize = 1000;
  judge = () => ({ outcome: 'accepted' });

  async listen() {
    this.server = http.createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      try {
        this.route(request, Buffer.concat(parts), response);
      } catch (error) {
        this.problem(response, 500, 'broken', { detail: error.message });
      }
    });
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  problem(response, status, kind, more) {
    response.writeHead(status, { 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ type: `/problems/${kind}`, status, ...more }));
  }

  route(request, body, response) {
    if (request.url === '/v1/enrol') return this.enrol(JSON.parse(body), response);
    const signed = W.opened(gunzipSync(body));
    const device = this.devices.get(signed.signer);
    if (!device || !signed.holds(device.key, W.FOR_REQUEST)) return this.problem(response, 401, 'signature-invalid', {});
    const said = W.read(W.request, signed.payload);
    if (said.number <= device.last) return this.problem(response, 409, 'request-seen', { last: device.last });
    device.last = said.number;
    Object.assign(device, { purged: said.purged, asked: said.cursors, kinds: said.kinds });
    const answer = this.spoil(this.answer(signed.signer, device, said));
    if (!answer) return response.destroy();
    response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' });
    return response.end(gzipSync(W.write(W.answer, answer)));
  }

  enrol({ code, public_key: key, device_name: name }, response) {
    const id = W.uuid7(Date.now(), randomBytes(16));
    this.devices.set(id, { key: Buffer.from(key, 'base64url').toString('hex'), name, last: 0, streams: new Set(this.logs.keys()) });
    response.writeHead(200, { 'content-type': 'application/json' });
    const user = { id: W.uuid7(Date.now(), randomBytes(16)), name: code, login: code };
    const store = { receipt_key: '', seal_key: '' };
    response.end(JSON.stringify({ device_id: id, user, organisation: { id: user.id, name: 'Aegis' }, epoch: this.epoch, store, now: Date.now() }));
  }

  take(device, { stream, kind, document, schema }, change) {
    const log = this.logs.get(stream) ?? [];
    this.logs.set(stream, log);
    const { hash, actor, seq } = R.metaOf(W.bytes(change));
    const there = log.filter((one) => one.document === document);
    if (there.some((one) => one.hash === hash)) return { outcome: 'duplicate' };
    if (!actor.startsWith(device.replaceAll('-', ''))) return { outcome: 'quarantined', reason: 'unvouched' };
    if (there.some((one) => one.actor === actor && one.seq === seq)) return { outcome: 'quarantined', reason: 're-keyed' };
    const outcome = this.judge({ kind, document, change });
    if (outcome.outcome === 'accepted') log.push({ device, kind, document, schema, change, hash, actor, seq });
    return outcome;
  }

  /** A tombstone takes the place of a record; of its changes nothing is left but their numbers. */
  erase(stream, document) {
    const log = this.logs.get(stream);
    const [{ kind, schema }] = log.filter((one) => one.document === document);
    for (const one of log.filter((other) => other.document === document)) one.gone = true;
    const { change, hash } = GENESIS[kind].tombstone;
    log.push({ device: null, kind, document, schema, change, hash, actor: '00'.repeat(20), seq: 1 });
  }

  answer(id, device, said) {
    const outcomes = said.batches.map((envelope) => {
      const signed = W.opened(W.bytes(envelope.statement));
      if (!signed.holds(device.key, W.FOR_BATCH)) throw new Error('a batch of somebody else');
      const { batch, items } = W.read(W.statement, signed.payload);
      return { batch, outcomes: items.map((item, at) => this.take(id, item, envelope.changes[at])) };
    });
    const cursors = new Map(said.cursors.map((one) => [one.stream, one]));
    const streams = [...device.streams].filter((stream) => this.logs.has(stream));
    const own = R.actor(id, said.incarnation);
    const pages = streams.map((stream) => this.page(stream, cursors.get(stream)?.ask, said.epoch === this.epoch, own));
    const dropped = [...cursors.keys()].filter((stream) => this.logs.has(stream) && !device.streams.has(stream));
    const people = [...this.devices].map(([other, { name }]) => ({ device: other, name }));
    const lacking = streams.filter((stream) => cursors.get(stream)?.key !== this.keyNumber);
    const keys = lacking.map((stream) => ({ stream, number: this.keyNumber, identity: 'AGE-SECRET-KEY-1…' }));
    const asked = ({ digest }) => said.waiting.includes(digest);
    return { protocol: 1, epoch: this.epoch, now: Date.now(), outcomes, pages, dropped, people, receipts: [], keys, rejected: this.rejected.filter(asked), standing: null, released: this.released.filter(asked), neighbours: null };
  }

  page(stream, ask, sameLife, own) {
    const log = this.logs.get(stream);
    const tells = this.tell(log, ask, sameLife, own);
    const { changes, documents } = tells;
    const ended = changes ? changes.to === log.length : documents && !documents.more && documents.at === log.length;
    return { stream, fingerprint: ended ? this.fingerprint(log) : null, tells };
  }

  tell(log, ask, sameLife, own) {
    const readable = (position) => sameLife && position >= this.compactedTo && position <= log.length;
    if (!ask) return this.copy(log, { at: log.length, after: '' });
    if (ask.copy && readable(ask.copy.at)) return this.copy(log, ask.copy);
    if (!readable(ask.after)) return 'lost';
    const to = Math.min(log.length, ask.after + this.pageSize);
    const entries = log.slice(ask.after, to).filter((one) => !one.gone && one.actor !== own);
    return { changes: {
      from: ask.after, to, entries: entries.map(({ kind, document, schema, change }) => ({ kind, document, schema, change })),
    } };
  }

  copy(log, { at, after }) {
    const left = [...this.documents(log)].filter(([id]) => id > after).sort(([a], [b]) => (a < b ? -1 : 1));
    const documents = left.slice(0, this.pageSize).map(([document, { kind, whole }]) => ({
      kind, document, snapshot: W.hex(R.save(whole)),
    }));
    return { documents: { at, more: left.length > documents.length, message: '', documents } };
  }

  fingerprint(log) {
    return W.addFingerprints([...this.documents(log)].map(([id, { whole }]) => W.fingerprint(id, R.heads(whole))));
  }

  /** The documents that the changes of a stream make, by id. */
  documents(log) {
    const found = new Map(log.map((one) => [one.document, { kind: one.kind }]));
    for (const [id, one] of found) {
      const changes = log.filter((one) => one.document === id && !one.gone).map(({ change }) => W.bytes(change));
      one.whole = R.apply(R.open(one.kind), changes);
    }
    return found;
  }
}
