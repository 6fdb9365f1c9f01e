// Referrals on the command line: to a service of the directory, which comes in the partnership's stream, step by step
// (sync.md 2.5).

import { randomBytes } from 'node:crypto';
import { FIELDS, PARTNERSHIP } from './spec.mjs';
import { one, participant, said, tabletOf } from './words.mjs';
import * as W from './wire.mjs';

const STEPS = FIELDS.referral.find(({ name }) => name === 'events').member.of[0].codes;

/** By its day, and on one day by its step. */
function place(event) {
  const [step, day] = event.split('/');
  return day + STEPS.indexOf(step);
}

/** Nobody is told of somebody who has not consented. */
function checkConsent(events) {
  const days = (...steps) => events.map((event) => event.split('/')).filter(([step]) => steps.includes(step)).map(([, day]) => day);
  const [consented] = days('consented').sort();
  const tooEarly = days('sent', 'arrived').some((day) => !consented || day < consented);
  if (tooEarly) throw new Error('they must have consented, on that day or before, to be sent');
}

/** The referral, and how far it has come. */
function shown(tablet, id) {
  const referral = tablet.view(id);
  return { ...referral, latest: [...referral.events].sort((a, b) => (place(a) < place(b) ? -1 : 1)).at(-1) };
}

/** The directory: services to which people are sent on a day; without one, those of which no end is known. */
const services = (tablet, day = '9999-12-31') =>
  tablet.all('service', PARTNERSHIP).filter(({ ended }) => !ended || ended > day);

/** The steps that the options speak of, on their day. */
const noted = (options) => (options.step ?? []).map((step) => `${step}/${one(options, 'on')}`);

function destination(tablet, options) {
  if (!options.service) return { to: one(options, 'to'), ...said(options, ['to_organisation']) };
  const entry = services(tablet, one(options, 'on')).find(({ id }) => id === one(options, 'service'));
  if (!entry) throw new Error('nobody is sent there: it is not in the directory, or has ended');
  const { id, kind, organisation } = entry;
  return { to: kind, to_service: id, ...(organisation && { to_organisation: organisation }) };
}

export const REFERRALS = {
  services: (_, options) => services(tabletOf(options), options.on?.[0]),
  refer(_, options) {
    const [tablet, group, on] = [tabletOf(options), one(options, 'group'), one(options, 'on')];
    const events = [`proposed/${on}`, ...noted(options)];
    checkConsent(events);
    const id = W.uuid7(Date.now(), randomBytes(16));
    tablet.edit('referral', group, id, {
      participant: participant(tablet, group, one(options, 'participant')).id, from: tablet.state.organisation.id,
      ...destination(tablet, options), ...said(options, ['reason', 'urgency']), events: { add: events },
    });
    return shown(tablet, id);
  },
  /** Notes what became of a referral. */
  step([id], options) {
    const tablet = tabletOf(options);
    const { stream, events } = tablet.view(id);
    const add = noted(options);
    checkConsent([...events, ...add]);
    tablet.edit('referral', stream, id, { events: { add } });
    return shown(tablet, id);
  },
  referrals: (_, options) => {
    const tablet = tabletOf(options);
    return tablet.all('referral', one(options, 'group')).map(({ id }) => shown(tablet, id));
  },
};
