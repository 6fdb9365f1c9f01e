// Lessons on the command line: written in the organisation's own stream, read in the partnership's, and adopted from there
// (sync.md 2.5, 2.6).

import { randomBytes } from 'node:crypto';
import { PARTNERSHIP } from './spec.mjs';
import { one, said, tabletOf } from './words.mjs';
import * as W from './wire.mjs';

const FIELDS = ['title', 'context', 'what_happened', 'why', 'recommendation', 'pillar', 'modality', 'area', 'status'];

export const LESSONS = {
  /** Begins a lesson, or goes on with one. */
  lesson([id = W.uuid7(Date.now(), randomBytes(16))], options) {
    const tablet = tabletOf(options);
    const organisation = tablet.state.organisation.id;
    const wanted = { organisation, ...said(options, FIELDS) };
    if (options.language) wanted.languages = { add: options.language };
    tablet.edit('lesson', organisation, id, wanted);
    return tablet.view(id);
  },
  lessons: (_, options) => tabletOf(options).all('lesson'),
  /** What all members of the partnership read. */
  shared(_, options) {
    const speaks = ({ languages }) => (options.language ?? []).every((language) => languages.includes(language));
    return tabletOf(options).all('shared_lesson', PARTNERSHIP).filter(speaks);
  },
  adopt([lesson], options) {
    const tablet = tabletOf(options);
    const organisation = tablet.state.organisation.id;
    const shared = tablet.view(lesson);
    if (shared.kind !== 'shared_lesson') throw new Error('it is not published: only what is can be adopted');
    if (shared.organisation === organisation) throw new Error('your organisation learned it itself');
    const id = W.adoptionId(organisation, lesson);
    // Whoever adopts it again takes back that it was no more.
    const wanted = { organisation, lesson, since: one(options, 'since'), ...said(options, ['came_of_it']), void: null };
    tablet.edit('adoption', organisation, id, wanted);
    return tablet.view(id);
  },
};
