// The work of Fidèle's tablet, which runs this implementation: it goes on from the story of vectors/story.json. Run with
// `--bless` it writes vectors/foreign.json; `sync-core/tests/vectors/foreign.rs` then holds it to the Rust side.

import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import * as R from './record.mjs';
import { SCHEMA, vector } from './spec.mjs';
import { bytes, hex, sessionId } from './wire.mjs';

export function foreign() {
  const { changes: story, documents } = vector('story');
  const me = vector('keys').tablets.find((one) => one.name === 'Fidèle');
  const author = R.actor(me.device, 0);
  const stream = story[0].stream;
  const start = 1_772_700_000;
  const made = [];
  const after = [];

  const write = (kind, id, document, minutes, fields) => {
    const { document: next, change } = R.edit(kind, document, start + minutes * 60, fields);
    made.push({ kind, document: id, stream, schema: SCHEMA, hash: R.changeHash(change), change: hex(change) });
    return next;
  };
  const heard = (kind, id, document = R.open(kind, author)) =>
    R.apply(document, story.filter((one) => one.document === id).map((one) => bytes(one.change)));
  const done = (kind, id, document) => after.push({ document: id, then: R.view(kind, document) });

  // A meeting of his own, with every form of field.
  const group = stream;
  const [p1, p2] = documents.filter((one) => one.then.kind === 'participant').map((one) => one.document);
  const meeting = { group, date: '2026-03-12', part: 'afternoon' };
  const id = sessionId(meeting.group, meeting.date, meeting.part);
  let session = write('session', id, R.open('session', author), 0, {
    ...meeting,
    starts_at: '14:30',
    minutes: 120,
    phase: 'trust',
    themes: { add: ['land_dispute', 'self_care'] },
    facilitators_present: { add: [me.device] },
    attendance: { [p1]: 'present', [p2]: 'late' },
    headcount: { 'male/60_plus': 4, 'female/under_16': 0 },
    summary: 'Twaganiriye ku butaka. 👩🏾‍🌾 Ça va — byiza!',
    state: 'submitted',
  });
  session = write('session', id, session, 5, {
    themes: { remove: ['self_care'] },
    attendance: { [p2]: null },
    summary: 'Twaganiriye ku butaka n’amasambu. 👩🏾‍🌾 Byiza!',
  });
  // It took place in the evening: a record of its own, and the first says so.
  const evening = sessionId(group, meeting.date, 'evening', 1);
  const moved = write('session', evening, R.open('session', author), 6, {
    ...meeting, part: 'evening', nth: 1, minutes: 120, moved_from: id,
  });
  done('session', evening, moved);
  session = write('session', id, session, 7, { moved_to: evening, void: 'It was in the evening.' });
  session = write('session', id, session, 8, { void: null });
  done('session', id, session);

  // The meeting of the story, which he too recorded before he heard of the others.
  const shared = story.find((one) => one.kind === 'session').document;
  let met = write('session', shared, R.open('session', author), 10, {
    group, date: '2026-03-05', part: 'morning', minutes: 60, summary: 'Imvura yaraguye.',
  });
  met = heard('session', shared, met);
  const written = R.view('session', met).record.summary;
  met = write('session', shared, met, 200, {
    attendance: { [p2]: 'excused' },
    themes: { add: ['commemoration'], remove: ['grief'] },
    summary: written.replace('song', 'song and a prayer'),
  });
  done('session', shared, met);

  const person = write('participant', p2, heard('participant', p2), 20, {
    consent_purpose: 'participation', consent_method: 'oral', consent_date: '2026-01-08', consent_guardian: false,
    consent_withdrawn: '2026-03-01',
  });
  // She agrees again, and she is the woman whom another tablet calls P01; what that tablet marks as P02 is somebody else.
  done('participant', p2, write('participant', p2, person, 21, {
    consent_date: '2026-03-04', consent_withdrawn: null, same_as: p1, split: { [me.device]: 'P07' }, confirmed: { add: [me.device] },
  }));

  const circle = write('group', group, heard('group', group), 30, {
    facilitators: { add: [me.device] }, planned_sessions: 16, starts_on: '2026-01-08', mhpss_4w: '5.2', status: 'active',
  });
  done('group', group, circle);

  return { changes: made, documents: after };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href && process.argv.includes('--bless')) {
  const file = new URL('../../api-spec/vectors/foreign.json', import.meta.url);
  writeFileSync(file, `${JSON.stringify(foreign(), null, 2)}\n`);
}
