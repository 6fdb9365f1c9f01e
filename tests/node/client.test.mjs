// The client by its command line, against the store of store.mjs: what is recorded arrives, whatever breaks on the way.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { vector } from './spec.mjs';
import { Store } from './store.mjs';
import * as W from './wire.mjs';

const run = promisify(execFile);
const script = new URL('run.mjs', import.meta.url).pathname;
const story = vector('story');
const GROUP = story.changes[0].stream;

let folder;
let store;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ihuriro-node-'));
  store = await new Store().listen();
  // The group and its participants are there before anybody comes.
  for (const one of story.changes.slice(0, 3)) store.take(one.device, one, one.change);
});

afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const file = (name) => join(folder, `${name}.json`);
const tablet = (name) => async (...words) =>
  JSON.parse((await run(process.execPath, [script, ...words, '--state', file(name)])).stdout);
const enrolled = async (name) => {
  const act = tablet(name);
  await act('enrol', '--server', store.url, '--code', name, '--name', name);
  await act('sync');
  return act;
};
const meeting = ['record', '--group', GROUP, '--date', '2026-03-05'];

test('two tablets record one meeting and end with one record, what clashed shown with who', async () => {
  const [hers, his] = [await enrolled('claudine'), await enrolled('emmanuel')];
  const { id } = await hers(...meeting, '--present', 'P01', '--minutes', '90', '--summary', 'We opened with a song.');
  await his(...meeting, '--late', 'P02', '--minutes', '75', '--summary', 'Two people spoke.', '--theme', 'grief', 'trauma');
  await hers('sync');
  const report = await his('sync');
  assert.deepEqual([report.accepted, report.received, report.repaired], [1, 1, []]);
  await hers('sync');
  const [ours, theirs] = [await hers('show', id), await his('show', id)];
  assert.deepEqual(ours, theirs);
  assert.equal(Object.keys(ours.attendance).length, 2);
  assert.match(ours.summary, /We opened with a song\./);
  assert.match(ours.summary, /Two people spoke\./);
  assert.deepEqual(ours.conflicts.map((one) => one.field), ['minutes']);
  assert.deepEqual(ours.conflicts[0].claims.map((one) => one.name).sort(), ['claudine', 'emmanuel']);

  const settled = await his('edit', id, '--minutes', '80', '--drop-theme', 'grief');
  assert.deepEqual([settled.conflicts, settled.themes], [[], ['trauma']]);
  await his('sync');
  await hers('sync');
  assert.deepEqual(await hers('show', id), settled);
});

test('a lost answer loses nothing: the change is sent again and is a duplicate', async () => {
  const hers = await enrolled('claudine');
  await hers(...meeting, '--minutes', '90');
  store.spoil = () => null;
  await assert.rejects(hers('sync'));
  assert.equal((await hers('status')).outbox.length, 1);
  store.spoil = (answer) => answer;
  const report = await hers('sync');
  assert.deepEqual([report.accepted, report.duplicate], [0, 1]);
  assert.equal((await hers('status')).outbox.length, 0);
});

test('a stream is copied document by document, and then read on change by change, page after page', async () => {
  store.pageSize = 1;
  const hers = tablet('claudine');
  await hers('enrol', '--server', store.url, '--code', 'x');
  const report = await hers('sync');
  assert.deepEqual([report.requests, report.received], [3, 3]);
  assert.equal((await hers('participants', '--group', GROUP)).length, 2);
  const his = await enrolled('emmanuel');
  const { id } = await his(...meeting, '--minutes', '90');
  await his('edit', id, '--minutes', '80');
  await his('sync');
  const later = await hers('sync');
  assert.deepEqual([later.requests, later.received, later.repaired], [2, 2, []]);
});

test('a copy that is cut short goes on where it was', async () => {
  store.pageSize = 1;
  const hers = tablet('claudine');
  await hers('enrol', '--server', store.url, '--code', 'x');
  let answers = 0;
  store.spoil = (answer) => ((answers += 1) > 2 ? null : answer);
  await assert.rejects(hers('sync'));
  store.spoil = (answer) => answer;
  const report = await hers('sync');
  assert.deepEqual([report.requests, report.received], [1, 1]);
  assert.equal((await hers('participants', '--group', GROUP)).length, 2);
});

test('where the store can not go on, the stream is copied, and what it lacks is offered', async () => {
  const [hers, his] = [await enrolled('claudine'), await enrolled('emmanuel')];
  await his('record', '--group', GROUP, '--date', '2026-03-12', '--minutes', '60');
  await his('sync');
  await hers(...meeting, '--minutes', '90');
  await hers('sync');
  store.logs.get(GROUP).pop();
  store.compactedTo = 4;
  const report = await hers('sync');
  assert.deepEqual([report.repaired, report.accepted, report.merged], [[GROUP], 1, []]);
  assert.equal((await his('sync')).received, 1);
  assert.deepEqual((await hers('sync')).requests, 1);
});

test('where the fingerprints differ, the stream is copied', async () => {
  const [hers, his] = [await enrolled('claudine'), await enrolled('emmanuel')];
  const { id } = await his(...meeting, '--minutes', '60');
  await his('sync');
  // The store has it by a number that she has read already.
  const log = store.logs.get(GROUP);
  log.splice(1, 0, log.pop());
  const report = await hers('sync');
  assert.deepEqual([report.repaired, report.merged], [[GROUP], [id]]);
  assert.deepEqual((await hers('sync')).repaired, []);
});

test('the key of a stream is kept, and another is taken once there is one', async () => {
  const hers = await enrolled('claudine');
  const [device] = store.devices.values();
  const asked = async () => {
    await hers('sync');
    return device.asked.map((one) => one.key);
  };
  assert.deepEqual(await asked(), [1]);
  store.keyNumber = 2;
  assert.deepEqual([await asked(), await asked()], [[1], [2]]);
});

test('a tablet brought back from a copy starts a new life and reads what it had lost', async () => {
  const hers = await enrolled('claudine');
  const copy = readFileSync(file('claudine'));
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  writeFileSync(file('claudine'), copy);
  await hers('sync');
  const { incarnation } = await hers('status');
  assert.notEqual(incarnation, 0);
  assert.equal((await hers('show', id)).minutes, 90);
});

test('a copy that went on writing quarantines that, begins a new life and comes to the same record', async () => {
  const hers = await enrolled('claudine');
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  const copy = readFileSync(file('claudine'));
  await hers('edit', id, '--minutes', '80');
  await hers('sync');
  writeFileSync(file('claudine'), copy);
  await hers('edit', id, '--minutes', '70');
  const report = await hers('sync');
  assert.deepEqual(report.quarantined.map((one) => one.reason), ['re-keyed']);
  assert.equal((await hers('show', id)).minutes, 80);
  assert.deepEqual((await hers('sync')).repaired, [], 'both sides hold the same');
  await hers('edit', id, '--minutes', '70');
  assert.equal((await hers('sync')).accepted, 1);
});

test('what somebody rejected is told once, is kept, and nothing is built on it', async () => {
  const hers = await enrolled('claudine');
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  store.judge = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  await hers('edit', id, '--minutes', '80');
  assert.equal((await hers('sync')).quarantined.length, 1);
  const [{ change }] = JSON.parse(readFileSync(file('claudine'), 'utf8')).quarantined;
  const rejection = { by: 'Uwase', because: 'Ninety is right.' };
  store.rejected = [{ document: id, digest: W.hex(W.sha256(W.bytes(change))), rejection }];
  assert.deepEqual((await hers('sync')).rejected, [{ document: id, ...rejection }]);
  assert.deepEqual((await hers('sync')).rejected, [], 'once');
  assert.equal((await hers('show', id)).minutes, 90);
  store.judge = () => ({ outcome: 'accepted' });
  await hers('edit', id, '--minutes', '85');
  assert.equal((await hers('sync')).accepted, 1);
  assert.deepEqual((await hers('sync')).repaired, [], 'both sides hold the same');
});

const OTHER_LIFE = '01931d00-0000-7000-8000-00000000e90d';

test('a store that was restored gets back what it lost, and hears of what others wrote', async () => {
  const [hers, his] = [await enrolled('claudine'), await enrolled('emmanuel')];
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  await his('sync');
  await his('edit', id, '--minutes', '80');
  await his('sync');
  await hers('sync');
  store.logs.get(GROUP).splice(3);
  store.epoch = OTHER_LIFE;
  const report = await hers('sync');
  assert.deepEqual([report.accepted, report.quarantined.map((one) => one.reason)], [1, ['unvouched']]);
  // What she could not vouch for is no difference, and waits no longer once its author brings it.
  assert.deepEqual((await hers('sync')).repaired, []);
  assert.equal((await his('sync')).accepted, 1);
  await hers('sync');
  assert.deepEqual((await hers('status')).quarantined, []);
  assert.equal(store.logs.get(GROUP).length, 5);
});

test('what a store had quarantined is handed in again after it was restored', async () => {
  const hers = await enrolled('claudine');
  store.judge = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  await hers(...meeting, '--minutes', '90');
  await hers('sync');
  store.judge = () => ({ outcome: 'accepted' });
  store.epoch = OTHER_LIFE;
  assert.equal((await hers('sync')).accepted, 1);
  assert.deepEqual((await hers('status')).quarantined, []);
});

test('a stream that a restored store does not know is kept, and its own work is offered', async () => {
  const hers = await enrolled('claudine');
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  store.logs.delete(GROUP);
  store.take = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  store.epoch = OTHER_LIFE;
  const report = await hers('sync');
  assert.deepEqual(report.quarantined.map((one) => one.document), [id]);
  assert.equal((await hers('show', id)).minutes, 90);
  assert.equal((await hers('sync')).requests, 1);
});

test('a restored store that has taken a stream away gets her own work before she drops it', async () => {
  const hers = await enrolled('claudine');
  await hers(...meeting, '--minutes', '90');
  await hers('sync');
  const [device] = store.devices.values();
  device.streams.delete(GROUP);
  store.logs.get(GROUP).pop();
  store.epoch = OTHER_LIFE;
  assert.equal((await hers('sync')).accepted, 1);
  assert.deepEqual(await hers('groups'), []);
});

test('a record that is erased is a tombstone on every tablet, and what is written of it later waits', async () => {
  const [hers, his] = [await enrolled('claudine'), await enrolled('emmanuel')];
  const { id } = await hers(...meeting, '--minutes', '90');
  await hers('sync');
  await his('sync');
  store.erase(GROUP, id);
  await hers('edit', id, '--minutes', '75');
  store.judge = () => ({ outcome: 'quarantined', reason: 'erased' });
  assert.deepEqual((await hers('sync')).quarantined.map((one) => one.reason), ['erased']);
  assert.deepEqual((await his('sync')).repaired, []);
  await assert.rejects(his('edit', id, '--minutes', '60'), /erased/);
  assert.deepEqual((await hers('sync')).repaired, [], 'both sides hold the same');
});

test('what the store keeps in quarantine is shown with its reason, and does not count as a difference', async () => {
  const hers = await enrolled('claudine');
  store.judge = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  const { id } = await hers(...meeting, '--minutes', '90');
  const report = await hers('sync');
  assert.deepEqual([report.quarantined, report.repaired], [[{ document: id, outcome: 'quarantined', reason: 'not-assigned' }], []]);
  const { quarantined } = await hers('status');
  assert.equal(quarantined[0].reason, 'not-assigned');
});

test('a stream to drop is dropped once everything is handed in, and the receipt is sent', async () => {
  const hers = await enrolled('claudine');
  await hers(...meeting, '--minutes', '90');
  const [device] = store.devices.values();
  device.streams.delete(GROUP);
  await hers('sync');
  assert.deepEqual(await hers('groups'), []);
  assert.deepEqual(device.purged, [GROUP]);
  assert.equal(store.logs.get(GROUP).length, 4);
});

test('a stream that was lost and may be read no longer is dropped all the same', async () => {
  const hers = await enrolled('claudine');
  store.compactedTo = 4;
  let answers = 0;
  store.spoil = (answer) => ((answers += 1) > 1 ? null : answer);
  await assert.rejects(hers('sync'));
  store.spoil = (answer) => answer;
  const [device] = store.devices.values();
  device.streams.delete(GROUP);
  assert.equal((await hers('sync')).dropped, 1);
  assert.deepEqual(await hers('groups'), []);
});

test('what is quarantined holds its numbers: the tablet that drops it counts others in a new life', async () => {
  const hers = await enrolled('claudine');
  store.judge = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  await hers(...meeting, '--minutes', '90');
  const [device] = store.devices.values();
  device.streams.delete(GROUP);
  await hers('sync');
  const { quarantined, incarnation } = await hers('status');
  assert.deepEqual(quarantined, []);
  assert.notEqual(incarnation, 0);
});

test('what is decided of a stream that is held no longer is heard all the same, and asked after no more', async () => {
  const hers = await enrolled('claudine');
  const left = () => JSON.parse(readFileSync(file('claudine'), 'utf8')).left;
  store.judge = () => ({ outcome: 'quarantined', reason: 'not-assigned' });
  const [{ id }] = [await hers(...meeting, '--minutes', '90'), await hers('record', '--group', GROUP, '--date', '2026-03-12')];
  const [device] = store.devices.values();
  device.streams.delete(GROUP);
  await hers('sync');
  const [first, second] = left();
  assert.deepEqual([first.document, (await hers('sync')).released], [id, 0]);
  store.released = [first];
  const rejection = { by: 'Uwase', because: 'There was no meeting.' };
  store.rejected = [{ ...second, rejection }];
  const { released, rejected } = await hers('sync');
  assert.deepEqual([released, rejected], [1, [{ document: second.document, ...rejection }]]);
  assert.deepEqual(left(), []);
});

test('what is not allowed is refused in a sentence and changes nothing', async () => {
  const hers = await enrolled('claudine');
  await assert.rejects(hers(...meeting, '--minutes', '0'), /minutes must be a whole number from 1 to 720/);
  await assert.rejects(hers(...meeting, '--present', 'P99'), /no participant P99/);
  await assert.rejects(hers('enrol', '--server', store.url, '--code', 'again'), /enrolled already/);
  assert.equal((await hers('status')).outbox.length, 0);
});
