import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BROKERS_FOLDER } from '../harness/brokers-folder.ts';
import { freePorts } from '../harness/free-ports.ts';
import { waitFor } from '../harness/wait-for.ts';
import { type Newcomer, openShell, type Typed } from './newcomer.ts';
import { installCompiler, installPacked } from './packed.ts';
import { missingLine, type Step, stepsOf } from './steps.ts';

const PAGE = 'docs/tutorial.md';
/** Those of the page. */
const PORTS = { mosquitto: 1883, nats: 4222, 'nats-monitor': 8222 };
const ADMIN = 9464;
const SHOWS_WITHIN_MS = 60_000;

/** What goes on in the other terminal. */
class OtherTerminal {
  output = '';
  #isEnding = false;
  #ended: Promise<Typed>;
  readonly #line: string;

  constructor(shell: ReturnType<typeof openShell>, line: string) {
    this.#line = line;
    const watched = (output: string): boolean => {
      this.output = output;
      return this.#isEnding;
    };
    this.#ended = shell.typeUntil(line, { test: watched });
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    const { code, output } = await this.#ended;
    assert.equal(code, 0, `${this.#line}\n${output}`);
  }
}

/** Types the page, saves its files and compares what it shows, in its order. `packed`: the folder that holds the packed package. */
export class Tutorial {
  readonly #place: Newcomer;
  readonly #packed: string;
  #folder: string;
  #ports: ReadonlyMap<number, number> = new Map();
  #other: OtherTerminal | undefined;
  #shown = '';

  constructor(place: Newcomer, packed: string) {
    this.#place = place;
    this.#packed = packed;
    this.#folder = join(place.home, 'bridges');
    mkdirSync(this.#folder);
    // What the tests have built already is not built again.
    mkdirSync(join(place.home, '.cache/sluice'), { recursive: true });
    symlinkSync(BROKERS_FOLDER, join(place.home, '.cache/sluice/servers'));
  }

  /** Resolves with the commands that were typed. */
  async follow(): Promise<readonly string[]> {
    const known = [...Object.values(PORTS), ADMIN];
    const own = await freePorts(known.length);
    this.#ports = new Map(known.map((port, at) => [port, own[at] ?? 0]));
    const typed: string[] = [];
    for (const step of stepsOf(PAGE)) {
      await this.#take(step);
      if (step.kind === 'types' || step.kind === 'starts') typed.push(step.line);
    }
    return typed;
  }

  /** Ends what still runs, also after a failure. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#other?.end().catch(() => {});
    await this.#shell().type(this.#here('npx sluice infra down'));
  }

  async #take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'saves':
        mkdirSync(dirname(join(this.#folder, step.path)), { recursive: true });
        return writeFileSync(join(this.#folder, step.path), step.text);
      case 'starts':
        await this.#other?.end();
        this.#shown = '';
        this.#other = new OtherTerminal(this.#shell(), this.#here(step.line));
        return;
      case 'sees':
        return this.#see(step.lines);
      case 'types':
        return this.#type(step.line, step.exitCode);
    }
  }

  /** Of the commands since the last comparison, or of the other terminal, which may need a while. */
  async #see(lines: readonly string[]): Promise<void> {
    const shown = (): string => this.#there(this.#shown === '' ? (this.#other?.output ?? '') : this.#shown);
    const isSeen = (): boolean => missingLine(lines, shown()) === undefined;
    if (this.#shown === '') await waitFor(isSeen, SHOWS_WITHIN_MS, `${lines.join('\n')}\nin ${shown()}`);
    assert.equal(missingLine(lines, shown()), undefined, shown());
    this.#shown = '';
  }

  async #type(line: string, exitCode: number): Promise<void> {
    if (line.startsWith('cd ')) this.#folder = join(this.#folder, line.slice('cd '.length));
    else if (line.startsWith('npm pack')) cpSync(this.#packed, join(this.#folder, 'sluice-0.1.0.tgz'));
    else if (line === 'npm install ./sluice-0.1.0.tgz') installPacked(this.#folder);
    else if (line === 'npm install') {
      installCompiler(join(this.#folder, '..'));
      symlinkSync(join('..', 'node_modules'), join(this.#folder, 'node_modules'));
    } else {
      const ports = line.startsWith('npx sluice infra up') ? this.#portsOf(line) : '';
      const { code, output } = await this.#shell().type(`${this.#here(line)}${ports}`);
      assert.equal(code, exitCode, `${line}\n${output}\n${this.#other?.output ?? ''}`);
      this.#shown += output;
    }
  }

  /** For the servers that the line names. */
  #portsOf(line: string): string {
    return Object.entries(PORTS)
      .filter(([name]) => line.includes(` ${name.split('-', 1)[0]}`))
      .map(([name, port]) => ` --port ${name}=${this.#ports.get(port)}`)
      .join('');
  }

  #shell(): ReturnType<typeof openShell> {
    const [mqtt, nats] = [this.#ports.get(PORTS.mosquitto), this.#ports.get(PORTS.nats)];
    const urls = { FIELD_URL: `mqtt://127.0.0.1:${mqtt}`, CORE_URL: `nats://127.0.0.1:${nats}` };
    return openShell(this.#place, this.#folder, urls);
  }

  /** What npx starts, which takes as long as the command and hands no signal on. Free ports are in the place of those that the page names. */
  #here(line: string): string {
    const started = line.replace(/^npx /, 'node_modules/.bin/');
    return [...this.#ports].reduce((all, [page, own]) => all.replaceAll(`:${page}`, `:${own}`), started);
  }

  #there(text: string): string {
    return [...this.#ports].reduce((all, [page, own]) => all.replaceAll(`:${own}`, `:${page}`), text);
  }
}
