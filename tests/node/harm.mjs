#!/usr/bin/env node
// What a client in JavaScript must not write (sync.md 2.2): each way by its name, as a change of a session that waits in the
// outbox. `node harm.mjs WAY SESSION --state FILE`

import * as A from '@automerge/automerge';
import { Tablet } from './client.mjs';

const scalar = (text) => new A.ImmutableString(text);
const mark = (draft) => Object.keys(draft.attendance)[0];

const WAYS = {
  replace: (draft) => { draft.attendance = {}; },
  'replace-text': (draft) => { draft.summary = 'Another text.'; },
  'put-over': (draft) => { draft.attendance = scalar('none'); },
  remove: (draft) => { delete draft.attendance; },
  'remove-key': (draft) => { delete draft.attendance[mark(draft)]; },
  nest: (draft) => { draft.attendance[mark(draft)] = { mark: scalar('present') }; },
  'nest-text': (draft) => { draft.attendance[mark(draft)] = 'present'; },
  beside: (draft) => { draft.notes = { said: scalar('…') }; },
  kind: (draft) => { draft.record = scalar('group'); },
};

const [way, session] = process.argv.slice(2);
const tablet = Tablet.load(process.argv.at(-1));
const held = tablet.state.documents[session];
const harmed = A.change(tablet.open(session), { time: 0 }, WAYS[way]);
tablet.offer(held.stream, held.kind, session, A.getLastLocalChange(harmed));
tablet.persist();
console.log(JSON.stringify(Object.keys(WAYS)));
