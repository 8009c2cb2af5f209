import type { Ceiling, LabelRules } from '#contract/label-rules.ts';
import { type Clearance, clearanceAt, SEES_ALL } from './clearance.ts';
import { GuardRange } from './guard-range.ts';
import type { LabelValue } from './label-value.ts';
import { policyDigest } from './policy-digest.ts';
import { BusCeiling, type LabelReports, RouteLabels, type SourceBinding } from './route-labels.ts';
import type { LabelReader } from './wire-label.ts';

/** The labels that a connection's bus may hold. */
export interface BusRange {
  readonly ceiling: LabelValue;
  readonly floor: LabelValue | undefined;
}

/** What a source states of the labels of its messages. */
export interface StatedLabels {
  /** The label of a message without one; undefined: it is refused. */
  readonly assumed: string | undefined;
  readonly binding?: SourceBinding | undefined;
}

/** The label rules of a checked pipeline file: its policy, and the range of each connection. */
export class PipelineLabels {
  readonly reader: LabelReader;
  /** What logs and the operator's page may tell; all, unless the file bounds it. */
  readonly shown: Clearance;
  readonly #ranges: ReadonlyMap<string, BusRange>;
  readonly #guardSchemas: Readonly<Record<string, unknown>>;

  /**
   * `ranges`: by connection. `guardSchemas`: the schemas of the file's guards, by name. `telemetry`: the highest label that leaves by
   * logs, metrics, traces and pages, as the file writes it.
   */
  constructor(
    reader: LabelReader,
    ranges: ReadonlyMap<string, BusRange>,
    guardSchemas: Readonly<Record<string, unknown>> = {},
    telemetry?: string,
  ) {
    this.reader = reader;
    this.shown = telemetry === undefined ? SEES_ALL : clearanceAt(reader, reader.readShort(telemetry), telemetry);
    this.#ranges = ranges;
    this.#guardSchemas = guardSchemas;
  }

  /** Id and version of the policy, and a digest of what it says: `urn:demo:ops@1#9c1e...`. */
  get policy(): string {
    const { policy } = this.reader;
    return `${policy.id}@${policy.version}#${policyDigest(policy)}`;
  }

  guardSchema(name: string): unknown {
    return this.#guardSchemas[name];
  }

  guardRange(guard: ConstructorParameters<typeof GuardRange>[1]): GuardRange {
    return new GuardRange(this.reader, guard);
  }

  /** What the bus of this connection may hold. */
  ceilingOf(connection: string): Ceiling {
    return new BusCeiling(this.reader, connection, this.#range(connection).ceiling);
  }

  /** The highest label that the bus of this connection may hold. */
  highestOf(connection: string): LabelValue {
    return this.#range(connection).ceiling;
  }

  /** The rules of a route from this connection. Throws TypeError where the file was not checked. */
  rulesOf(connection: string, { assumed, binding }: StatedLabels, reports: LabelReports): LabelRules {
    const label = assumed === undefined ? undefined : this.reader.readShort(assumed);
    const source = { name: connection, ...this.#range(connection), assumed: label, binding };
    return new RouteLabels(this.reader, source, reports, this.shown);
  }

  #range(connection: string): BusRange {
    const range = this.#ranges.get(connection);
    if (range === undefined) throw new TypeError(`${connection} has no ceiling: the file was not checked`);
    return range;
  }
}
