import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { messageOf, SluiceError } from '#contract/errors.ts';
import { labelOf } from '#contract/label.ts';
import type { Frame } from '#contract/frame.ts';
import { MessageLineError, readMessageLine, writtenBody, type WrittenMessage } from '../codecs/message-line.ts';
import { busOf } from '../host/catalog-of.ts';
import { catalog } from '../host/catalog.ts';
import { endOptions } from '../host/end-options.ts';
import { compileTemplate } from '../template/compile-template.ts';
import { type Arguments, UsageError } from './command.ts';
import { durationOption } from './duration-option.ts';
import type { SendPlace } from './send-place.ts';
import { textOf } from './verify-options.ts';

/** Frames of the messages that the command line gives. Iterating throws UsageError at a message that is wrong. */
export function framesOf(given: Arguments, place: SendPlace, signal: AbortSignal): AsyncIterable<Frame> {
  const { values } = given;
  const count = countOf(values['count']);
  const toFrame = framer(place, values);
  const [, body] = given.positionals;
  const file = textOf(values, 'file');
  if (body === undefined && file === undefined)
    throw new UsageError('expected a body, - for standard input, or --file FILE, found none of them');
  if (body !== undefined && file !== undefined) throw new UsageError('expected a body or --file FILE, found both');
  if (body !== undefined && body !== '-') return repeated(() => toFrame(writtenBody(body)), count ?? 1);
  const name = file ?? 'standard input';
  return fromLines(file === undefined ? process.stdin : createReadStream(file), { name, count, toFrame, signal });
}

async function* repeated(make: () => Frame, count: number): AsyncGenerator<Frame> {
  for (let left = count; left > 0; left -= 1) yield make();
}

interface Lines {
  readonly name: string;
  readonly count: number | undefined;
  readonly toFrame: (message: WrittenMessage) => Frame;
  readonly signal: AbortSignal;
}

async function* fromLines(input: Readable, { name, count = Infinity, toFrame, signal }: Lines): AsyncGenerator<Frame> {
  let line = 0;
  let left = count;
  // A file that cannot be opened says so here.
  const failed = new Promise<never>((_, reject) => input.once('error', reject));
  failed.catch(() => {});
  const lines = createInterface({ input, crlfDelay: Infinity });
  const stop = (): void => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  const iterator = lines[Symbol.asyncIterator]();
  try {
    while (left > 0 && !signal.aborted) {
      const next = await Promise.race([iterator.next(), failed]);
      if (next.done === true) break;
      line += 1;
      if (next.value.trim() === '') continue;
      left -= 1;
      yield atLine(name, line, () => toFrame(readMessageLine(next.value)));
    }
  } catch (thrown) {
    if (thrown instanceof UsageError) throw thrown;
    throw new UsageError(`expected messages in ${name}, found ${messageOf(thrown)}`, { cause: thrown });
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
    input.destroy();
  }
}

function atLine(name: string, line: number, make: () => Frame): Frame {
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof MessageLineError) && !(thrown instanceof UsageError)) throw thrown;
    throw new UsageError(`${name}, line ${line}: ${thrown.message}`, { cause: thrown });
  }
}

/** What options say holds for every message that does not say otherwise. Throws UsageError. */
function framer(place: SendPlace, values: Arguments['values']): (message: WrittenMessage) => Frame {
  const { end, bus } = place;
  const { to, from, name } = end.route;
  const target = bus.grammar;
  const template =
    place.address === undefined
      ? undefined
      : compileTemplate(place.address, {
          route: name,
          source: busOf(catalog, from.bus).grammar,
          target,
          missing: 'ADDRESS_INVALID',
        });
  const common = headersOf(values['header']);
  const expires = textOf(values, 'expires');
  const lifeMs = expires === undefined ? undefined : durationOption('--expires', expires, '30s', '3650d');
  const { carriesHeaders, headersNeed } = bus.sinkGuarantees(endOptions(end.spec, to));
  return (message) => {
    const key = message.key ?? textOf(values, 'key');
    const id = message.id ?? textOf(values, 'id');
    const label = message.label ?? textOf(values, 'label');
    const contentType = textOf(values, 'content-type') ?? message.contentType;
    const headers = new Map([...common, ...message.headers]);
    if (key !== undefined) for (const header of place.keyHeaders) headers.set(header, [key]);
    if (label !== undefined) headers.set('seclabel', [label]);
    if (headers.size > 0 && !carriesHeaders) {
      const how = headersNeed === undefined ? '' : `; it does with ${headersNeed}`;
      throw new UsageError(`expected a bus that carries headers and labels, found ${bus.name} without them${how}`);
    }
    if (key !== undefined && place.keyless !== undefined && message.address === undefined)
      throw new UsageError(`expected no key beside the body: ${place.keyless}`);
    checkLabel(headers);
    const nowMs = Date.now();
    const fields = { id, contentType, expiresAtMs: lifeMs === undefined ? undefined : nowMs + lifeMs };
    const view = { id: id ?? '', address: '', key, headers, body: bodyValue(message), origin: fields };
    return {
      ...fields,
      address: addressOf(place, message, template === undefined ? undefined : () => template(view)),
      key,
      headers,
      headerTypes: undefined,
      body: message.body,
      timestampMs: nowMs,
    };
  };
}

function addressOf(place: SendPlace, message: WrittenMessage, make: (() => string) | undefined): string {
  const address = message.address ?? made(place, make);
  const flaw = place.bus.grammar.flaw(address) ?? place.refuses(address);
  if (flaw !== undefined) throw new UsageError(`expected another address: ${flaw}`);
  return address;
}

function made({ reads, address }: SendPlace, make: (() => string) | undefined): string {
  if (make === undefined)
    throw new UsageError(`expected --address, or "address" in the message: the route reads ${reads}`);
  try {
    return make();
  } catch (thrown) {
    if (!(thrown instanceof SluiceError)) throw thrown;
    const wanted = address?.includes('{key}') === true ? '--key' : 'what the address names';
    throw new UsageError(`expected ${wanted}: the address is ${address}, and ${thrown.message}`, { cause: thrown });
  }
}

/** For templates of the address that read the body. */
function bodyValue({ body }: WrittenMessage): unknown {
  try {
    return body === null ? undefined : JSON.parse(Buffer.from(body).toString());
  } catch {
    return undefined;
  }
}

/** A label that no route would take is a slip of the hand. */
function checkLabel(headers: ReadonlyMap<string, readonly string[]>): void {
  try {
    labelOf({ headers, headerTypes: undefined });
  } catch (thrown) {
    throw new UsageError(`--label: ${messageOf(thrown)}`, { cause: thrown });
  }
}

/** `--header NAME=VALUE`; a name may come again. */
function headersOf(given: Arguments['values'][string]): ReadonlyMap<string, readonly string[]> {
  const headers = new Map<string, string[]>();
  for (const text of Array.isArray(given) ? given.map(String) : []) {
    const at = text.indexOf('=');
    if (at < 1) throw new UsageError(`expected --header NAME=VALUE, found ${text}`);
    const name = text.slice(0, at);
    headers.set(name, [...(headers.get(name) ?? []), text.slice(at + 1)]);
  }
  return headers;
}

function countOf(text: Arguments['values'][string]): number | undefined {
  if (typeof text !== 'string') return undefined;
  if (!/^[1-9]\d{0,14}$/.test(text))
    throw new UsageError(`expected --count with a whole number from 1 on, found ${text}`);
  return Number(text);
}
