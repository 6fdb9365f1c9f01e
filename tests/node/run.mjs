#!/usr/bin/env node
// The tablet on the command line. Answers are JSON on stdout; a failure is one sentence on stderr and exit status 1.

import { Tablet } from './client.mjs';
import { sessionId } from './wire.mjs';

const USAGE = `node run.mjs COMMAND --state FILE
  enrol --server URL --code CODE [--name NAME]
  sync
  status                                    what waits, and what came back and why
  groups | participants --group ID
  record --group ID --date 2026-03-05 [--part morning|afternoon|evening] FIELDS
  edit SESSION FIELDS
  show SESSION
FIELDS: --minutes N --summary TEXT --starts-at 08:30 --phase CODE --status CODE --theme CODE.. --drop-theme CODE..
        --present P01.. --late P02.. --absent P03.. --excused P04.. --unmark P05.. --headcount female/16_24=3..`;

/** Words before the first option, and all values of each option. */
function parse(words) {
  const [given, options] = [[], {}];
  let values = given;
  for (const word of words) {
    if (word.startsWith('--')) values = options[word.slice(2)] ??= [];
    else values.push(word);
  }
  return { given, options };
}

const one = (options, name) => {
  if (!options[name]?.[0]) throw new Error(`--${name} is needed`);
  return options[name][0];
};

/** The fields of a session that the options speak of. */
function fields(tablet, stream, options) {
  const wanted = {};
  if (options.minutes) wanted.minutes = Number(one(options, 'minutes'));
  if (options.summary) wanted.summary = options.summary.join(' ');
  for (const [option, name] of [['starts-at', 'starts_at'], ['phase', 'phase'], ['status', 'state']]) {
    if (options[option]) wanted[name] = one(options, option);
  }
  if (options.theme || options['drop-theme']) wanted.themes = { add: options.theme, remove: options['drop-theme'] };
  const people = tablet.all('participant', stream);
  for (const mark of ['present', 'late', 'absent', 'excused', 'unmark']) {
    for (const word of options[mark] ?? []) {
      const person = people.find((each) => each.code === word || each.id === word);
      if (!person) throw new Error(`the group has no participant ${word}; sync first`);
      (wanted.attendance ??= {})[person.id] = mark === 'unmark' ? null : mark;
    }
  }
  for (const cell of options.headcount ?? []) {
    const [key, count] = cell.split('=');
    (wanted.headcount ??= {})[key] = Number(count);
  }
  return wanted;
}

const COMMANDS = {
  async enrol(_, options) {
    const { state } = await Tablet.enrol({
      file: one(options, 'state'), server: one(options, 'server').replace(/\/$/, ''), code: one(options, 'code'), name: options.name?.join(' '),
    });
    return { device: state.device, user: state.user, organisation: state.organisation };
  },
  sync: (_, options) => Tablet.load(one(options, 'state')).sync(),
  status(_, options) {
    const { device, number, incarnation, last_sync, outbox, quarantined, streams } = Tablet.load(one(options, 'state')).state;
    const brief = ({ change, ...rest }) => rest;
    const reading = Object.entries(streams).map(([stream, { ask, dropped, key }]) => ({ stream, ask, dropped, key: key?.number ?? 0 }));
    return { device, number, incarnation, last_sync, streams: reading, outbox: outbox.map(brief), quarantined: quarantined.map(brief) };
  },
  groups: (_, options) => Tablet.load(one(options, 'state')).all('group'),
  participants: (_, options) => Tablet.load(one(options, 'state')).all('participant', one(options, 'group')),
  record(_, options) {
    const tablet = Tablet.load(one(options, 'state'));
    const [group, date, part] = [one(options, 'group'), one(options, 'date'), options.part?.[0] ?? 'morning'];
    const session = sessionId(group, date, part);
    tablet.edit('session', group, session, {
      group, date, part, facilitators_present: { add: [tablet.state.user.id] }, ...fields(tablet, group, options),
    });
    return tablet.view(session);
  },
  edit([session], options) {
    const tablet = Tablet.load(one(options, 'state'));
    const { stream } = tablet.view(session);
    tablet.edit('session', stream, session, fields(tablet, stream, options));
    return tablet.view(session);
  },
  show: ([session], options) => Tablet.load(one(options, 'state')).view(session),
};

try {
  const { given: [command, ...given], options } = parse(process.argv.slice(2));
  if (!COMMANDS[command]) throw new Error(USAGE);
  console.log(JSON.stringify(await COMMANDS[command](given, options), null, 2));
} catch (error) {
  console.error(error.message || String(error.errors?.[0]?.message ?? error));
  process.exitCode = 1;
}
