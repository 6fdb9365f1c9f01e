// What the client does in the streams of its organisation and of the partnership, against the store of store.mjs.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import * as R from './record.mjs';
import { KINDS, PARTNERSHIP, SCHEMA, vector } from './spec.mjs';
import { Store } from './store.mjs';
import * as W from './wire.mjs';

const run = promisify(execFile);
const script = new URL('run.mjs', import.meta.url).pathname;
const story = vector('story');
const GROUP = story.changes[0].stream;
/** The author of what the store writes by itself. */
const THE_SERVICE = '00000000-0000-0000-0000-000000000001';
const PARTNER = '018f3f6e-7d2c-7000-8000-000000000b02';

let folder;
let store;
let act;
/** The organisation of whoever has the tablet. */
let organisation;

/** The store writes a record into the partnership's stream. */
function share(kind, fields, id = W.uuid7(Date.now(), randomBytes(16))) {
  const { change } = R.edit(kind, R.open(kind, R.actor(THE_SERVICE, 0)), 0, fields);
  store.take(THE_SERVICE, { stream: PARTNERSHIP, kind, document: id, schema: SCHEMA }, W.hex(change));
  return id;
}

const enter = (name, more) => share('service', { name, kind: 'legal', area: '52', ...more });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ihuriro-node-'));
  store = await new Store().listen();
  for (const one of story.changes.slice(0, 3)) store.take(one.device, one, one.change);
  store.logs.set(PARTNERSHIP, []);
  act = async (...words) => JSON.parse((await run(process.execPath, [script, ...words, '--state', join(folder, 'state.json')])).stdout);
  organisation = (await act('enrol', '--server', store.url, '--code', 'claudine')).organisation.id;
  store.logs.set(organisation, []);
  const [device] = store.devices.values();
  device.streams.add(organisation);
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

test('a lesson is written in the stream of the organisation, and the store hears which kinds the client knows', async () => {
  await act('sync');
  const { id, stream, status } = await act('lesson', '--title', 'Begin with a song', '--what-happened', 'Bararirimbye.', '--language', 'rw');
  assert.deepEqual([stream, status], [organisation, 'draft']);
  await act('lesson', id, '--status', 'proposed');
  assert.equal((await act('sync')).accepted, 2);
  await assert.rejects(act('lesson', id, '--status', 'draft'), /only moves forward/);
  const [device] = store.devices.values();
  assert.equal(device.kinds, KINDS.length);
});

test('a lesson of others is adopted under the id that follows from both, one of its own is not', async () => {
  const lesson = { title: 'Begin with a song', published_on: '2026-03-05', languages: { add: ['rw'] } };
  const of = (organisation, id) => share('shared_lesson', { ...lesson, lesson: id, organisation }, W.sharedLessonId(id));
  const [own, theirs] = [1, 2].map(() => W.uuid7(Date.now(), randomBytes(16)));
  const shared = [of(organisation, own), of(PARTNER, theirs)];
  await act('sync');
  assert.equal((await act('shared', '--language', 'rw')).length, 2);
  assert.deepEqual(await act('shared', '--language', 'fr'), []);
  await assert.rejects(act('adopt', shared[0], '--since', '2026-03-05'), /learned it itself/);
  const adopted = await act('adopt', shared[1], '--since', '2026-03-05', '--came-of-it', 'Four of five stayed.');
  assert.deepEqual([adopted.id, adopted.lesson], [W.adoptionId(organisation, shared[1]), shared[1]]);
});

test('what differs in the stream of the partnership is forgotten and copied, and never offered', async () => {
  enter('Nyamata');
  enter('Nyarama');
  await act('sync');
  assert.equal((await act('services')).length, 2);
  store.logs.get(PARTNERSHIP).shift();
  enter('Rwimiyaga');
  const { repaired, accepted, duplicate } = await act('sync');
  assert.deepEqual([repaired, accepted, duplicate], [[PARTNERSHIP], 0, 0]);
  assert.deepEqual((await act('services')).map((one) => one.name).sort(), ['Nyarama', 'Rwimiyaga']);
  assert.deepEqual((await act('sync')).repaired, []);
});

test('somebody is sent to an entry that is open, once they have consented', async () => {
  const [open, ended] = [enter('Nyamata', { organisation: PARTNER }), enter('Nyarama', { ended: '2026-03-01' })];
  await act('sync');
  const refer = (...more) => act('refer', '--group', GROUP, '--participant', 'P01', '--reason', 'trauma', '--on', '2026-03-04', ...more);
  await assert.rejects(refer('--service', ended), /has ended/);
  await assert.rejects(refer('--service', open, '--step', 'sent'), /must have consented/);
  const { id, to, to_organisation, latest } = await refer('--service', open, '--step', 'consented');
  assert.deepEqual([to, to_organisation, latest], ['legal', PARTNER, 'consented/2026-03-04']);
  await assert.rejects(act('step', id, '--step', 'sent', '--on', '2026-03-03'), /must have consented/);
  assert.equal((await act('step', id, '--step', 'arrived', 'sent', '--on', '2026-03-05')).latest, 'arrived/2026-03-05');
  assert.equal((await act('sync')).accepted, 2);
});
