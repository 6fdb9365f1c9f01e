// Records as Automerge documents: how they begin, are edited by the rules of their fields, and are read.

import * as A from '@automerge/automerge';
import { FIELDS, GENESIS } from './spec.mjs';
import { bytes, hex } from './wire.mjs';

export const actor = (device, incarnation) =>
  device.replaceAll('-', '') + incarnation.toString(16).padStart(8, '0');

// --- Values ---------------------------------------------------------------------------------------------------------

const PATTERNS = {
  id: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  day: /^\d{4}-\d{2}-\d{2}$/,
  time: /^([01]\d|2[0-3]):[0-5]\d$/,
  pseudonym: /^[A-Z]{1,3}(\d{2}|[1-9]\d{2,3})$/,
  activity: /^([1-9]|1[01])\.([1-9]|1\d|20)$/,
  village: /^[1-5]\d{7}$/,
  area: /^[1-5](\d|\d{3}|\d{5}|\d{7})?$/,
};

function check(name, value, { type, codes, min, max, of }) {
  const no = (why) => {
    throw new Error(`${name} ${why}, not ${JSON.stringify(value)}`);
  };
  if (type === 'code') return codes.includes(value) || no(`must be one of ${codes.join(', ')}`);
  if (type === 'bool') return typeof value === 'boolean' || no('must be true or false');
  if (type === 'int') {
    return (Number.isInteger(value) && value >= min && value <= max) || no(`must be a whole number from ${min} to ${max}`);
  }
  if (typeof value !== 'string') no('must be text');
  if (type === 'line') return (value.trim() === value && value && [...value].length <= max) || no('must be one line');
  if (type === 'pair') {
    const parts = value.split('/');
    if (parts.length !== 2) no('must be a pair');
    return parts.forEach((part, at) => check(name, part, of[at]));
  }
  return PATTERNS[type].test(value) || no(`must be written as ${type}`);
}

/** Text is a scalar string, never Automerge's mergeable text: that is for fields of the form `text`. */
const toScalar = (value) => (typeof value === 'string' ? new A.ImmutableString(value) : value);
const fromScalar = (value) => (A.isImmutableString(value) ? value.toString() : value);

// --- Documents ------------------------------------------------------------------------------------------------------

/** Opens a document; without a snapshot it begins as all of its kind do. */
export function open(kind, author, snapshot) {
  if (snapshot) return A.load(snapshot, { actor: author });
  const [document] = A.applyChanges(A.init({ actor: author }), [bytes(GENESIS[kind].change)]);
  if (A.getHeads(document)[0] !== GENESIS[kind].hash) throw new Error(`the genesis of ${kind} is not what it should be`);
  return document;
}

/** What is left of a record that was erased (sync.md 2.10): the same bytes everywhere. */
export const tombstone = (kind, author) => apply(open(kind, author), [bytes(GENESIS[kind].tombstone.change)]);
export const isTombstone = (hash) => Object.values(GENESIS).some((one) => one.tombstone.hash === hash);
export const isErased = ({ heads: [head] }) => isTombstone(head);

export const apply = (document, changes) => A.applyChanges(document, changes)[0];
export const save = (document) => A.save(document);
export const heads = (document) => A.getHeads(document).sort();
export const has = (document, hash) => A.hasHeads(document, [hash]);
/** Changes with their meta data, without the genesis. */
export const changes = (document) => A.getAllChanges(document).map((data) => ({ data, ...metaOf(data) })).filter((one) => one.actor !== '00');
export function metaOf(data) {
  const { actor: author, hash, deps, seq, time, startOp, ops, message } = A.decodeChange(data);
  return { actor: author, hash, deps, seq, time, startOp, endOp: startOp + ops.length, was: wasOf(message) };
}

/** The hash that a change had before it was re-keyed; null where it was not (sync.md 4.6). */
function wasOf(message) {
  try {
    return JSON.parse(message).was?.hash ?? null;
  } catch {
    return null;
  }
}

/** Whether a change is another one, re-keyed: only the same device's word for that counts. */
export const standsFor = (now, one) => now.was === one.hash && now.actor.slice(0, 32) === one.actor.slice(0, 32);

const CHANGE = 1;

/**
 * Edits a record. `fields` says what should be: a value, for sets `{ add, remove }`, for entries `{ key: value|null }`.
 * Gives `{ document, change }`; `change` is null where nothing differs.
 */
export function edit(kind, document, seconds, fields) {
  const before = A.getHeads(document).join();
  const after = A.change(document, { time: seconds }, (draft) => {
    for (const [name, wanted] of Object.entries(fields)) {
      const field = FIELDS[kind].find((one) => one.name === name);
      if (!field) throw new Error(`${kind} has no field ${name}`);
      EDITS[field.form](draft, document, field, wanted);
    }
  });
  if (A.getHeads(after).join() === before) return { document, change: null };
  const change = A.getLastLocalChange(after);
  if (change[8] !== CHANGE) throw new Error('Automerge deflated the change; the store takes plain ones');
  return { document: after, change };
}

/** Puts a value unless it is the only one there. */
function put(draft, there, key, value) {
  const values = all(there, key);
  if (values.length === 1 && values[0].value === value) return;
  if (values.length === 0 && value === null) return;
  // Of several, the winner put again would only take the others out: another value goes before it.
  if (values.length > 1 && values.at(-1).value === value) draft[key] = value === null ? true : null;
  draft[key] = toScalar(value);
}

function register(draft, document, field, value) {
  if (value !== null) check(field.name, value, field.value);
  put(draft, document, field.name, value);
}

function once(draft, document, field, value) {
  const there = all(document, field.name).at(-1)?.value;
  if (there !== undefined && there !== value) throw new Error(`${field.name} is already recorded and stays as it is`);
  if (there === undefined) register(draft, document, field, value);
}

function forward(draft, document, field, value) {
  check(field.name, value, field.value);
  const rank = (code) => field.value.codes.indexOf(code);
  const furthest = Math.max(0, ...all(document, field.name).map((one) => rank(one.value)));
  if (rank(value) < furthest) throw new Error(`${field.name} only moves forward`);
  if (rank(value) > furthest) put(draft, document, field.name, value);
}

function set(draft, document, field, { add = [], remove = [] }) {
  for (const member of add) {
    check(field.name, member, field.member);
    put(draft[field.name], document[field.name], member, true);
  }
  for (const member of remove) {
    if (field.form === 'log') throw new Error(`${field.name} only grows`);
    if (member in document[field.name]) put(draft[field.name], document[field.name], member, false);
  }
}

function entries(draft, document, field, wanted) {
  for (const [key, value] of Object.entries(wanted)) {
    check(field.name, key, field.key);
    if (value !== null) check(`${field.name}/${key}`, value, field.value);
    put(draft[field.name], document[field.name], key, value);
  }
}

function text(draft, _, field, wanted) {
  if ([...wanted].length > field.max) throw new Error(`${field.name} must be at most ${field.max} characters`);
  A.updateText(draft, [field.name], wanted);
}

const EDITS = {
  field: register, required: register, fixed: once, once, forward, sticky: register, revocable: register, prevailing: register,
  set, log: set, entries, text,
};

// --- Reading --------------------------------------------------------------------------------------------------------

/** All concurrent values of a key as `{ value, operation }`, the one that Automerge shows last. */
function all(object, key) {
  const concurrent = A.getConflicts(object, key);
  if (!concurrent) return object[key] === undefined ? [] : [{ value: fromScalar(object[key]) }];
  const order = (id) => {
    const [counter, author] = id.split('@');
    return counter.padStart(20, '0') + author;
  };
  const ids = Object.keys(concurrent).sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return ids.map((operation) => ({ value: fromScalar(concurrent[operation]), operation }));
}

const given = (object, key) => all(object, key).map((one) => one.value).filter((value) => value !== null);

const inOrder = ({ type, codes }) => (a, b) =>
  type === 'code' ? codes.indexOf(a) - codes.indexOf(b) : a < b ? -1 : 1;

const members = (document, { name, member }) =>
  Object.keys(document[name]).filter((key) => given(document[name], key).includes(true)).sort(inOrder(member));

const shown = (document, { name }) => given(document, name).at(-1);

const READS = {
  field: shown, required: shown, fixed: shown, once: shown,
  forward: (document, { name, value: { codes } }) =>
    codes[Math.max(0, ...given(document, name).map((code) => codes.indexOf(code)))],
  sticky: (document, { name }) => given(document, name).sort()[0],
  prevailing: (document, { name }) => given(document, name).sort()[0],
  revocable: (document, { name }) =>
    all(document, name).some((one) => one.value === null) ? undefined : shown(document, { name }),
  set: members, log: members,
  entries: (document, { name }) =>
    Object.fromEntries(
      Object.keys(document[name]).map((key) => [key, given(document[name], key).at(-1)]).filter(([, value]) => value !== undefined),
    ),
  text: (document, { name }) => document[name],
};

/** The record by the rules of its fields, its heads, and what clashes. */
export function view(kind, document) {
  const record = {};
  for (const field of FIELDS[kind]) {
    const value = READS[field.form](document, field);
    if (value !== undefined) record[field.name] = value;
  }
  return { kind, heads: heads(document), record, conflicts: conflicts(kind, document) };
}

function conflicts(kind, document) {
  const found = [];
  const authors = changes(document);
  const claim = ({ value, operation }) => {
    const [counter, author] = operation.split('@');
    const wrote = authors.find(
      (one) => one.actor === author && one.startOp <= Number(counter) && Number(counter) < one.endOp,
    );
    const device = author.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    return { value: value === null ? '' : String(value), device, at: wrote.time * 1000 };
  };
  const look = (field, object, key) => {
    const values = all(object, key);
    if (values.some((one) => one.value !== values[0].value)) found.push({ field, claims: values.map(claim) });
  };
  for (const { name, form } of FIELDS[kind]) {
    if (['field', 'required', 'revocable'].includes(form)) look(name, document, name);
    if (form === 'entries') {
      for (const key of Object.keys(document[name]).sort()) look(`${name}/${key}`, document[name], key);
    }
  }
  return found;
}

export const changeHash = (data) => metaOf(data).hash;
