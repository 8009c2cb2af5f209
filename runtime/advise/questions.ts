import { DURATION_PATTERN, RATE_PATTERN, SIZE_PATTERN } from '#kit/quantity.ts';
import { BUSES, LINKS, MESSAGES, SURVIVES } from './needs.ts';
import { BANDWIDTH_PATTERN } from './needs-schema.ts';

/** Who answers questions: a person at a terminal, or a test. `undefined`: no answer, so the needs do not say. */
export interface Asker {
  text(question: string, sample: string, wrong: (answer: string) => string | undefined): Promise<string>;
  choose(question: string, choices: readonly Choice[]): Promise<string>;
  chooseSome(question: string, choices: readonly Choice[]): Promise<readonly string[]>;
  confirm(question: string): Promise<boolean>;
}

export interface Choice {
  readonly value: string;
  readonly hint?: string;
}

const NOT_SAID = 'not said';
const NAME = '^[a-z][a-z0-9-]*$';

/** Asks for the needs, and returns them as the text of a needs file. */
export async function askNeeds(asker: Asker): Promise<string> {
  const lines: string[] = [];
  lines.push(`name: ${await asker.text('Name of the pipeline', 'fleet', matching(NAME, 'a-z, 0-9 and -'))}`);
  const have = await asker.chooseSome('Which of these do you operate already?', choicesOf(BUSES));
  if (have.length > 0) lines.push(`have: [${have.join(', ')}]`);
  if (await asker.confirm('Do messages carry classification labels?')) lines.push('labels: true');
  lines.push('needs:');
  const names = new Set<string>();
  do {
    lines.push(...(await askNeed(asker, names)));
  } while (await asker.confirm('Is there another kind of messages?'));
  return `${lines.join('\n')}\n`;
}

async function askNeed(asker: Asker, names: Set<string>): Promise<readonly string[]> {
  const isName = matching(NAME, 'a-z, 0-9 and -');
  const name = await asker.text('One kind of messages: its name', 'positions', (answer) =>
    names.has(answer) ? 'another name: this one is taken' : isName(answer),
  );
  names.add(name);
  const meanings = Object.entries(MESSAGES).map(([value, hint]) => ({ value, hint }));
  const message = await asker.choose('What does such a message say?', meanings);
  const lines = [`  - name: ${name}`, `    message: ${message}`];
  const add = (word: string, answer: string, unset = ''): void => {
    if (answer !== '' && answer !== unset && answer !== NOT_SAID) lines.push(`    ${word}: ${answer}`);
  };
  add('rate', await quantity(asker, 'How many a second, of all producers together?', '500/s', RATE_PATTERN));
  add('size', await quantity(asker, 'How large is one?', '300B', SIZE_PATTERN));
  add('latency', await quantity(asker, 'How long may one take on its way?', '1s', DURATION_PATTERN));
  if (message === 'order' || message === 'state')
    add('expires', await quantity(asker, 'After which time is one worth nothing?', '30s', DURATION_PATTERN));
  add('survives', await asker.choose('What must a confirmed one survive?', choicesOf(SURVIVES)), 'nothing');
  add(
    'keep',
    await quantity(asker, 'How far back may readers go? (forever: for good)', '7d', `${DURATION_PATTERN}|^forever$`),
  );
  add('order', await asker.choose('Which messages keep their order?', ORDERS), 'key');
  add('readers', await quantity(asker, 'How many groups of readers get every message?', '1', '^[1-9][0-9]{0,3}$'));
  if (await asker.confirm('Do workers divide the messages among them?')) lines.push('    workers: true');
  if (await asker.confirm('Does the sender wait for an answer?')) lines.push('    replies: true');
  add('owner', await asker.choose('Who is authoritative for what they are about?', OWNERS), 'producers');
  for (const side of ['producers', 'consumers'] as const) {
    const words = await askSide(asker, side);
    if (words.length > 0) lines.push(`    ${side}: { ${words.join(', ')} }`);
  }
  return lines;
}

const ORDERS: readonly Choice[] = [
  { value: 'key', hint: 'those of one key: a device, an order number' },
  { value: 'all', hint: 'all of them, one after the other' },
  { value: 'none' },
];
const OWNERS: readonly Choice[] = [
  { value: 'producers' },
  { value: 'consumers' },
  { value: 'both', hint: 'either side may change the same things' },
];

async function askSide(asker: Asker, side: 'producers' | 'consumers'): Promise<readonly string[]> {
  const words: string[] = [];
  const add = (word: string, answer: string, unset = ''): void => {
    if (answer !== '' && answer !== unset && answer !== NOT_SAID) words.push(`${word}: ${answer}`);
  };
  add('domain', await quantity(asker, `The ${side}: their security domain, if any`, 'high', NAME));
  add('on', await asker.choose(`The ${side}: which bus is there already?`, choicesOf([NOT_SAID, ...BUSES])));
  add('devices', await quantity(asker, `The ${side}: how many small devices connect?`, '0', '^[0-9]{1,9}$'), '0');
  const link = await asker.choose(`The ${side}: what link is between them and the rest?`, choicesOf(LINKS));
  add('link', link, 'lan');
  if (link === 'lan') return words;
  add('bandwidth', await quantity(asker, 'What does the link carry?', '64kbit/s', BANDWIDTH_PATTERN));
  if (link === 'wan') return words;
  add('outage', await quantity(asker, 'How long is its longest outage?', '10m', DURATION_PATTERN));
  return words;
}

function choicesOf(values: readonly string[]): readonly Choice[] {
  return values.map((value) => ({ value }));
}

/** An answer of a pattern, or none. */
function quantity(asker: Asker, question: string, sample: string, pattern: string): Promise<string> {
  const wrong = matching(pattern, `such as ${sample}, or nothing`);
  return asker.text(question, sample, (answer) => (answer === '' ? undefined : wrong(answer)));
}

function matching(pattern: string, words: string): (answer: string) => string | undefined {
  return (answer) => (new RegExp(pattern).test(answer) ? undefined : `write ${words}`);
}
