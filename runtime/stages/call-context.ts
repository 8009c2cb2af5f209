import type { Span } from '@opentelemetry/api';
import type { FunctionLog } from '#contract/function-log.ts';
import type { Log } from '#contract/log.ts';
import { NO_SPAN } from '#contract/no-span.ts';
import type { Message } from '#contract/message.ts';
import type { StageTrace } from '#contract/trace.ts';
import type { Context } from '#contract/transform.ts';
import { functionLog, placeOf } from './function-log.ts';

/** What the context of a call says of its function. */
export interface CallSettings {
  readonly name: string;
  readonly pipeline: string;
  readonly route: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly log: Log;
}

/** Made for every call, so the costly parts (the abort signal, the log) are made at their first use. */
export class CallContext implements Context {
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly label: string | undefined;
  readonly route: string;
  readonly pipeline: string;
  readonly attempt: number;
  readonly options: Readonly<Record<string, unknown>>;
  /** Undefined until the first one: hardly any function raises a label. */
  raised: unknown[] | undefined;
  readonly #settings: CallSettings;
  readonly #trace: StageTrace | undefined;
  #controller: AbortController | undefined;
  #log: FunctionLog | undefined;

  constructor(settings: CallSettings, message: Message, attempt: number, trace: StageTrace | undefined) {
    this.id = message.id;
    this.address = message.address;
    this.key = message.key;
    this.label = message.label;
    this.route = settings.route;
    this.pipeline = settings.pipeline;
    this.attempt = attempt;
    this.options = settings.options;
    this.#settings = settings;
    this.#trace = trace;
  }

  raise(label: string): void {
    (this.raised ??= []).push(label);
  }

  get span(): Span {
    return this.#trace?.span ?? NO_SPAN;
  }

  get log(): FunctionLog {
    return (this.#log ??= functionLog(this.#settings.log, placeOf(this.#settings, this.id, this.#trace)));
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    return this.#controller.signal;
  }

  abort(): void {
    this.#controller?.abort();
  }
}
