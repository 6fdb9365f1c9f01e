// What a tablet holds, in one file: its documents, what waits to be handed in, what the store quarantined, and how far each
// stream is read (sync.md 2, 4.4, 6).

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import * as R from './record.mjs';
import { SCHEMA } from './spec.mjs';
import * as W from './wire.mjs';

const packed = (data) => Buffer.from(data).toString('base64');
const unpacked = (text) => new Uint8Array(Buffer.from(text, 'base64'));

/** A change is one change in its document: two documents may begin with the same bytes. */
const same = (document, hash) => (one) => one.document === document && one.hash === hash;

/** Comes before every document. */
export const BEFORE_ALL = '00000000-0000-0000-0000-000000000000';

/** What a sync did. */
export const nothingYet = () => ({
  requests: 0, accepted: 0, duplicate: 0, received: 0, unreadable: 0, dropped: 0, released: 0, sent_bytes: 0, received_bytes: 0,
  quarantined: [], rejected: [], merged: [], repaired: [],
});

export class Held {
  constructor(file, state) {
    this.file = file;
    this.state = state;
    this.report = nothingYet();
  }

  static load(file) {
    return new this(file, JSON.parse(readFileSync(file, 'utf8')));
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
    if (!this.state.streams[stream]) throw new Error('this tablet does not hold that stream; sync first');
    if (held && (held.kind !== kind || held.stream !== stream)) throw new Error('another record has this id');
    if (held && R.isErased(held)) throw new Error('it was erased, as the person asked');
    const before = held ? this.open(id) : R.open(kind, this.author);
    const { document, change } = R.edit(kind, before, Math.floor(Date.now() / 1000), fields);
    if (!change) return false;
    this.keep(stream, kind, id, document);
    this.offer(stream, kind, id, change);
    this.persist();
    return true;
  }

  /** Lets go of the documents of a stream. */
  forget(stream) {
    for (const id of this.ids((one) => one.stream === stream)) delete this.state.documents[id];
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
    return this.ids((one) => one.kind === kind && !R.isErased(one) && (!stream || one.stream === stream)).map((id) => this.view(id));
  }

  ids(fit) {
    return Object.keys(this.state.documents).filter((id) => fit(this.state.documents[id]));
  }

  // --- What waits ---------------------------------------------------------------------------------------------------

  offer(stream, kind, document, change) {
    this.state.outbox.push({ stream, kind, document, schema: SCHEMA, hash: R.changeHash(change), change: W.hex(change) });
  }

  /** Puts those changes of a document into the outbox again that fit and do not wait anyway. */
  offerAgain(id, fit) {
    const { kind, stream } = this.state.documents[id];
    const waiting = [...this.state.outbox, ...this.state.quarantined];
    for (const change of R.changes(this.open(id))) {
      if (fit(change) && !R.isTombstone(change.hash) && !waiting.some(same(id, change.hash))) this.offer(stream, kind, id, change.data);
    }
  }

  /** The store has this change: it waits no longer, wherever it did, nor does what it was before it was re-keyed. */
  release(document, now) {
    const there = (one) => one.document === document
      && (one.hash === now.hash || (now.was === one.hash && R.standsFor(now, R.metaOf(W.bytes(one.change)))));
    for (const list of ['outbox', 'quarantined']) this.state[list] = this.state[list].filter((one) => !there(one));
  }

  /** What is held as it was before it was re-keyed at the store gives way to that. */
  giveWay(id, now) {
    if (!now.was || !this.state.documents[id]) return;
    if (R.changes(this.open(id)).some((one) => R.standsFor(now, one))) this.buildAnew(id, now.was);
  }

  // --- What comes ---------------------------------------------------------------------------------------------------

  mergeEntries(stream, entries) {
    const arrived = new Map();
    for (const { kind, document, change } of entries) {
      if (!arrived.has(document)) arrived.set(document, { kind, changes: [] });
      arrived.get(document).changes.push(W.bytes(change));
    }
    for (const [id, { kind, changes }] of arrived) this.merge(stream, kind, id, changes);
  }

  /**
   * Merges a part of a copy, that of the documents after `after`, and offers what the store lacks of these. Gives what to ask
   * next.
   */
  mergeDocuments(stream, after, { at, more, documents }) {
    const last = documents.at(-1)?.document ?? after;
    const theirs = new Map();
    for (const { kind, document, snapshot } of documents) {
      try {
        const changes = R.changes(R.open(kind, this.author, W.bytes(snapshot)));
        theirs.set(document, new Set(changes.map((one) => one.hash)));
        this.merge(stream, kind, document, changes.map((one) => one.data));
      } catch {
        theirs.set(document, null);
        this.report.unreadable += 1;
      }
    }
    for (const id of this.ids((one) => one.stream === stream)) {
      const told = id > after && (!more || id <= last);
      if (told && theirs.get(id) !== null) this.offerAgain(id, ({ hash }) => !theirs.get(id)?.has(hash));
    }
    return more ? { copy: { at, after: last } } : { after: at };
  }

  /** Merges all of these changes of a document, or, where some can't be merged, those that can. */
  merge(stream, kind, id, changes) {
    try {
      const told = changes.map(R.metaOf);
      if (told.some((one) => R.isTombstone(one.hash))) return this.bury(stream, kind, id);
      if (this.state.documents[id] && R.isErased(this.state.documents[id])) return;
      for (const one of told) this.giveWay(id, one);
      const before = this.state.documents[id] ? this.open(id) : R.open(kind, this.author);
      const hashes = told.map((one) => one.hash);
      const fresh = changes.filter((_, at) => !R.has(before, hashes[at]));
      const after = R.apply(before, fresh);
      if (!hashes.every((hash) => R.has(after, hash))) throw new Error('some build on what is not here');
      for (const one of told) this.release(id, one);
      if (fresh.length === 0) return;
      this.keep(stream, kind, id, after);
      this.report.received += fresh.length;
      if (!this.report.merged.includes(id)) this.report.merged.push(id);
    } catch {
      if (changes.length === 1) this.report.unreadable += 1;
      else for (const change of changes) this.merge(stream, kind, id, [change]);
    }
  }

  /** Puts the tombstone in the place of a record that was erased; what was quarantined of it before goes, too. */
  bury(stream, kind, id) {
    this.state.quarantined = this.state.quarantined.filter((one) => one.document !== id || one.reason === 'erased');
    if (this.state.documents[id] && R.isErased(this.state.documents[id])) return;
    this.keep(stream, kind, id, R.tombstone(kind, this.author));
    this.report.merged.push(id);
  }

  /** Takes a change that has no place in its document any more out of it, with what builds on it. */
  buildAnew(id, hash) {
    if (!this.state.documents[id]) return;
    const { kind, stream } = this.state.documents[id];
    const gone = new Set([hash]);
    const stays = R.changes(this.open(id)).filter((one) => {
      if (gone.has(one.hash) || one.deps.some((behind) => gone.has(behind))) gone.add(one.hash);
      return !gone.has(one.hash);
    });
    if (stays.length === 0) return delete this.state.documents[id];
    const document = R.apply(R.open(kind, this.author), stays.map((one) => one.data));
    return this.keep(stream, kind, id, document);
  }

  // --- Whether it is what the store has -----------------------------------------------------------------------------

  /** The fingerprint of a stream as the store should have it: without what it keeps in quarantine. */
  fingerprint(stream) {
    return W.addFingerprints(this.ids((one) => one.stream === stream).map((id) => {
      const quarantined = this.state.quarantined.filter((one) => one.document === id).map((one) => one.hash);
      return W.fingerprint(id, quarantined.length > 0 ? this.headsWithout(id, new Set(quarantined)) : this.state.documents[id].heads);
    }));
  }

  headsWithout(id, quarantined) {
    const heads = new Set();
    for (const { hash, deps } of R.changes(this.open(id))) {
      if (quarantined.has(hash)) continue;
      for (const behind of deps) heads.delete(behind);
      heads.add(hash);
    }
    return [...heads];
  }
}
