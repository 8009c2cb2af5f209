import type { Readable, Writable } from 'node:stream';
import { cancel, intro, isCancel, select, text } from '@clack/prompts';
import { CLASSES } from '#contract/traffic-class.ts';
import { catalog } from '../../host/catalog.ts';
import { type Starter, STARTER_BUSES, STARTER_CLASSES, unkept } from './starter.ts';

/** A terminal. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
}

/** Asks for the words that are missing. Undefined: the person gave up. `flaw`: what is wrong with a name. */
export async function ask(
  given: Partial<Starter>,
  flaw: (name: string) => string | undefined,
  terminal: Terminal,
): Promise<Starter | undefined> {
  intro('A new project', terminal);
  const name =
    given.name ??
    (await text({
      message: 'Its name, and its folder',
      placeholder: 'my-bridge',
      validate: (value) => flaw(value ?? ''),
      ...terminal,
    }));
  if (isCancel(name)) return gaveUp(terminal);
  const buses = STARTER_BUSES.map((value) => ({ value, hint: catalog.buses.get(value)?.page.hint ?? '' }));
  const from = given.from ?? (await select({ message: 'The bus that it reads', options: buses, ...terminal }));
  if (isCancel(from)) return gaveUp(terminal);
  const others = { initialValue: 'jetstream' as const, options: buses };
  const to = given.to ?? (await select({ message: 'The bus that it writes to', ...others, ...terminal }));
  if (isCancel(to)) return gaveUp(terminal);
  const kept = STARTER_CLASSES.filter((value) => unkept({ from, class: value }) === undefined);
  const classes = kept.map((value) => ({ value, hint: CLASSES[value].use }));
  const word = given.class ?? (await select({ message: 'The traffic class', options: classes, ...terminal }));
  if (isCancel(word)) return gaveUp(terminal);
  return { name, from, to, class: word };
}

function gaveUp(terminal: Terminal): undefined {
  cancel('Nothing was written.', terminal);
}
