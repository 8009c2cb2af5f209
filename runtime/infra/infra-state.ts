import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asList, asMap, isMap } from '#kit/json-value.ts';
import { processStart } from './process-start.ts';

/** A process that was started. */
export interface StartedProcess {
  readonly pid: number;
  /** Tells it from another process that has its number by now. */
  readonly start: string;
}

/** Whether it runs still. */
export function isRunning({ pid, start }: StartedProcess): boolean {
  return processStart(pid) === start;
}

/** A server that was started, as its file says. */
export interface StartedServer {
  readonly name: string;
  /** The server's own first. */
  readonly processes: readonly StartedProcess[];
  readonly ports: Readonly<Record<string, number>>;
  readonly folder: string;
}

const ENDING = '.json';

/** The servers of a project: a file for each that runs, `.sluice/infra/NAME.json`. */
export class InfraState {
  readonly folder: string;

  constructor(project: string) {
    this.folder = join(project, '.sluice', 'infra');
  }

  /** Folder of the files and the data of a server, made where it is missing. */
  folderOf(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  save(server: StartedServer): void {
    writeFileSync(this.#file(server.name), `${JSON.stringify(server)}\n`);
  }

  forget(name: string): void {
    rmSync(this.#file(name), { force: true });
  }

  /** Those of which a process runs. A file of one that has ended is removed. */
  running(): readonly StartedServer[] {
    if (!existsSync(this.folder)) return [];
    const names = readdirSync(this.folder).filter((file) => file.endsWith(ENDING));
    return names.toSorted().flatMap((file) => {
      const server = this.#read(file);
      if (server?.processes.some(isRunning) === true) return [server];
      rmSync(join(this.folder, file), { force: true });
      return [];
    });
  }

  #file(name: string): string {
    return join(this.folder, `${name}${ENDING}`);
  }

  #read(file: string): StartedServer | undefined {
    let value: unknown;
    try {
      value = JSON.parse(readFileSync(join(this.folder, file), 'utf8'));
    } catch {
      return undefined;
    }
    if (!isMap(value)) return undefined;
    const { name, folder } = value;
    if (typeof name !== 'string' || typeof folder !== 'string') return undefined;
    const processes = asList(value['processes'])
      .map(asMap)
      .flatMap(({ pid, start }) => {
        return typeof pid === 'number' && typeof start === 'string' ? [{ pid, start }] : [];
      });
    const ports = Object.entries(asMap(value['ports'])).flatMap(([port, number]) =>
      typeof number === 'number' ? [[port, number] as const] : [],
    );
    return { name, processes, folder, ports: Object.fromEntries(ports) };
  }
}
