// A store for these tests only, in memory: enough of sync.md to see that the client keeps its side. The journey tests
// run the client against the real server.

import http from 'node:http';
import { randomBytes } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import * as R from './record.mjs';
import { CONTENT_TYPE } from './spec.mjs';
import * as W from './wire.mjs';

export class Store {
  devices = new Map();
  /** stream -> [{ device, kind, document, schema, change, hash, actor, seq }] */
  logs = new Map();
  epoch = W.uuid7(Date.now(), randomBytes(16));
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
    const signed = W.unseal(gunzipSync(body));
    const device = this.devices.get(signed.device);
    if (!device || !signed.holds(device.key, W.FOR_REQUEST)) return this.problem(response, 401, 'signature-invalid', {});
    const said = W.read(W.request, signed.payload);
    if (said.number <= device.last) return this.problem(response, 409, 'request-seen', { last: device.last });
    device.last = said.number;
    device.purged = said.purged;
    const answer = this.spoil(this.answer(signed.device, device, said));
    if (!answer) return response.destroy();
    response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-encoding': 'gzip' });
    return response.end(gzipSync(W.write(W.answer, answer)));
  }

  enrol({ code, public_key: key, device_name: name }, response) {
    const id = W.uuid7(Date.now(), randomBytes(16));
    this.devices.set(id, { key: Buffer.from(key, 'base64url').toString('hex'), name, last: 0, streams: new Set(this.logs.keys()) });
    response.writeHead(200, { 'content-type': 'application/json' });
    const user = { id: W.uuid7(Date.now(), randomBytes(16)), name: code, login: code };
    response.end(JSON.stringify({ device_id: id, user, organisation: { id: user.id, name: 'Aegis' }, epoch: this.epoch, now: Date.now() }));
  }

  take(device, { stream, kind, document, schema }, change) {
    const log = this.logs.get(stream) ?? [];
    this.logs.set(stream, log);
    const { hash, actor, seq } = R.metaOf(W.bytes(change));
    if (log.some((one) => one.hash === hash)) return { outcome: 'duplicate' };
    const numbered = (one) => one.document === document && one.actor === actor && one.seq === seq;
    if (log.some(numbered)) return { outcome: 'quarantined', reason: 're-keyed' };
    const outcome = this.judge({ kind, document, change });
    if (outcome.outcome === 'accepted') log.push({ device, kind, document, schema, change, hash, actor, seq });
    return outcome;
  }

  answer(id, device, said) {
    const outcomes = said.batches.map((envelope) => {
      const signed = W.unseal(W.bytes(envelope.statement));
      if (!signed.holds(device.key, W.FOR_BATCH)) throw new Error('a batch of somebody else');
      const { batch, items } = W.read(W.statement, signed.payload);
      return { batch, outcomes: items.map((item, at) => this.take(id, item, envelope.changes[at])) };
    });
    const known = said.epoch === this.epoch;
    const cursors = new Map(said.cursors.map((one) => [one.stream, one]));
    const pages = [...device.streams].map((stream) => this.page({ ...said, id }, stream, known ? cursors.get(stream) : undefined));
    const dropped = said.cursors.map((one) => one.stream).filter((stream) => !device.streams.has(stream));
    const people = [...this.devices].map(([other, { name }]) => ({ device: other, name }));
    return { protocol: 1, epoch: this.epoch, now: Date.now(), outcomes, pages, dropped, people };
  }

  page({ id, incarnation }, stream, { position = 0, whole = false } = {}) {
    const log = this.logs.get(stream) ?? [];
    const to = Math.min(log.length, position + this.pageSize);
    const own = R.actor(id, incarnation);
    const entries = log.slice(position, to).filter((one) => whole || one.actor !== own);
    return {
      stream, from: position, to, fingerprint: to === log.length ? this.fingerprint(log) : null,
      entries: entries.map(({ kind, document, schema, change }) => ({ kind, document, schema, change })),
    };
  }

  fingerprint(log) {
    const kinds = new Map(log.map((one) => [one.document, one.kind]));
    return W.addFingerprints([...kinds].map(([document, kind]) => {
      const mine = log.filter((one) => one.document === document).map((one) => W.bytes(one.change));
      return W.fingerprint(document, R.heads(R.apply(R.open(kind), mine)));
    }));
  }
}
