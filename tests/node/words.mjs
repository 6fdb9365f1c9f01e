// The words of the command line, and the tablet that they speak of.

import { Tablet } from './client.mjs';

/** Words before the first option, and all values of each option. */
export function parse(words) {
  const [given, options] = [[], {}];
  let values = given;
  for (const word of words) {
    if (word.startsWith('--')) values = options[word.slice(2)] ??= [];
    else values.push(word);
  }
  return { given, options };
}

/** The first value of an option that is needed. */
export const one = (options, name) => {
  if (!options[name]?.[0]) throw new Error(`--${name} is needed`);
  return options[name][0];
};

/** What the options say of these fields, each a scalar or a text: `what_happened` is `--what-happened`. */
export function said(options, names) {
  const there = names.map((name) => [name, options[name.replaceAll('_', '-')]]).filter(([, words]) => words);
  return Object.fromEntries(there.map(([name, words]) => [name, words.join(' ')]));
}

export const tabletOf = (options) => Tablet.load(one(options, 'state'));

/** The participant of a group by code or id. */
export function participant(tablet, group, word) {
  const person = tablet.all('participant', group).find((each) => each.code === word || each.id === word);
  if (!person) throw new Error(`the group has no participant ${word}; sync first`);
  return person;
}
