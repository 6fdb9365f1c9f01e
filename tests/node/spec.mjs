// What this client knows of Ihuriro besides its own code: the files of api-spec/, and nothing else.

import { readFileSync } from 'node:fs';

const file = (name) => new URL(`../../api-spec/${name}`, import.meta.url);

export const vector = (name) => JSON.parse(readFileSync(file(`vectors/${name}.json`), 'utf8'));

/** The fields of each kind of record. */
export const FIELDS = vector('fields');

/** How each kind of document begins: `{ kind, number, schema, hash, change }`. */
export const GENESIS = Object.fromEntries(vector('genesis').map((one) => [one.kind, one]));

/** Kinds by the number by which they travel. */
export const KINDS = vector('genesis').map((one) => one.kind);

/** The stream of the partnership, which the store alone writes. */
export const PARTNERSHIP = '1b1b1b1b-0000-8000-8000-000000000001';

export const SCHEMA = 1;
export const PROTOCOL = 1;
export const CONTENT_TYPE = 'application/vnd.ihuriro.sync+cbor';
/** Bytes of changes in one request. */
export const PAGE = 262_144;
/** The largest answer that is expanded. */
export const MAX_EXPANDED = 8_388_608;
