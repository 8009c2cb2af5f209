import type { InfraTool } from './tools.ts';

/** A process to start. */
export interface InfraCommand {
  readonly binary: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** What a server is started with. */
export interface InfraPlace {
  /** Of the server alone: its files and its data, kept from one start to the next. */
  readonly folder: string;
  /** By the names of `InfraServer.ports`. */
  readonly ports: Readonly<Record<string, number>>;
  readonly tools: ReadonlyMap<InfraTool, string>;
}

/** A local server for a person: on loopback, without users and passwords. */
export interface InfraServer {
  readonly tools: readonly InfraTool[];
  /** By name; the first is that of its clients, and where the others have one too it is the standard one. */
  readonly ports: Readonly<Record<string, number>>;
  /** Its files are written by then. */
  command(place: InfraPlace): InfraCommand | Promise<InfraCommand>;
  /** A process that must run before it, and ends with it. */
  companion?(place: InfraPlace): InfraCommand;
  /** Whether it can be used. */
  probe(ports: InfraPlace['ports']): Promise<boolean>;
  /** What a person needs next: the URL for a pipeline file. */
  urls(ports: InfraPlace['ports']): readonly string[];
}
