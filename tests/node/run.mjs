#!/usr/bin/env node
// The tablet on the command line. Answers are JSON on stdout; a failure is one sentence on stderr and exit status 1.

import { Tablet } from './client.mjs';
import { LESSONS } from './lessons.mjs';
import { REFERRALS } from './referrals.mjs';
import { sessionId } from './wire.mjs';
import { one, parse, participant, said, tabletOf } from './words.mjs';

const USAGE = `node run.mjs COMMAND --state FILE
  enrol --server URL --code CODE [--name NAME]
  sync
  status                                    what waits, and what came back and why
  groups | participants --group ID
  record --group ID --date 2026-03-05 [--part morning|afternoon|evening] FIELDS
  edit SESSION FIELDS
  show RECORD
  lessons | shared [--language CODE..]      one's own organisation's; those of all that are published
  lesson [LESSON] --title TEXT --what-happened TEXT --why TEXT --recommendation TEXT --language CODE.. --area CODE --status CODE ..
  adopt SHARED --since 2026-03-05 [--came-of-it TEXT]
  services [--on DAY] | referrals --group ID
  refer --group ID --participant P01 (--service ID | --to CODE) --reason CODE --on DAY [--urgency CODE] [--step CODE..]
  step REFERRAL --step CODE.. --on DAY
FIELDS: --minutes N --summary TEXT --starts-at 08:30 --phase CODE --status CODE --theme CODE.. --drop-theme CODE..
        --present P01.. --late P02.. --absent P03.. --excused P04.. --unmark P05.. --headcount female/16_24=3..`;

/** The fields of a session that the options speak of. */
function fields(tablet, stream, options) {
  const wanted = said(options, ['summary', 'starts_at', 'phase']);
  if (options.minutes) wanted.minutes = Number(one(options, 'minutes'));
  if (options.status) wanted.state = one(options, 'status');
  if (options.theme || options['drop-theme']) wanted.themes = { add: options.theme, remove: options['drop-theme'] };
  for (const mark of ['present', 'late', 'absent', 'excused', 'unmark']) {
    for (const word of options[mark] ?? []) {
      (wanted.attendance ??= {})[participant(tablet, stream, word).id] = mark === 'unmark' ? null : mark;
    }
  }
  for (const cell of options.headcount ?? []) {
    const [key, count] = cell.split('=');
    (wanted.headcount ??= {})[key] = Number(count);
  }
  return wanted;
}

const COMMANDS = {
  ...LESSONS,
  ...REFERRALS,
  async enrol(_, options) {
    const { state } = await Tablet.enrol({
      file: one(options, 'state'), server: one(options, 'server').replace(/\/$/, ''), code: one(options, 'code'), name: options.name?.join(' '),
    });
    return { device: state.device, user: state.user, organisation: state.organisation };
  },
  sync: (_, options) => tabletOf(options).sync(),
  status(_, options) {
    const { device, number, incarnation, last_sync, outbox, quarantined, streams } = tabletOf(options).state;
    const brief = ({ change, ...rest }) => rest;
    const reading = Object.entries(streams).map(([stream, { ask, dropped, key }]) => ({ stream, ask, dropped, key: key?.number ?? 0 }));
    return { device, number, incarnation, last_sync, streams: reading, outbox: outbox.map(brief), quarantined: quarantined.map(brief) };
  },
  groups: (_, options) => tabletOf(options).all('group'),
  participants: (_, options) => tabletOf(options).all('participant', one(options, 'group')),
  record(_, options) {
    const tablet = tabletOf(options);
    const [group, date, part] = [one(options, 'group'), one(options, 'date'), options.part?.[0] ?? 'morning'];
    const session = sessionId(group, date, part);
    tablet.edit('session', group, session, {
      group, date, part, facilitators_present: { add: [tablet.state.user.id] }, ...fields(tablet, group, options),
    });
    return tablet.view(session);
  },
  edit([session], options) {
    const tablet = tabletOf(options);
    const { stream } = tablet.view(session);
    tablet.edit('session', stream, session, fields(tablet, stream, options));
    return tablet.view(session);
  },
  show: ([session], options) => tabletOf(options).view(session),
};

try {
  const { given: [command, ...given], options } = parse(process.argv.slice(2));
  if (!COMMANDS[command]) throw new Error(USAGE);
  console.log(JSON.stringify(await COMMANDS[command](given, options), null, 2));
} catch (error) {
  console.error(error.message || String(error.errors?.[0]?.message ?? error));
  process.exitCode = 1;
}
