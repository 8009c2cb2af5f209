import type * as Client from './library.ts';
import type { NoticeCode } from '#contract/event-codes.ts';
import type { BusContext, EndOptions } from '#contract/bus.ts';
import { connectionReader } from '#contract/connection-reader.ts';
import { type ErrorCode, messageOf, SluiceError } from '#contract/errors.ts';
import { backoffMs } from '#kit/backoff.ts';
import { pause, withDeadline } from '#kit/deadline.ts';
import { rotation } from '../../support/server-rotation.ts';
import { SLOW_MS, whenSlow } from '../../support/slow-attempt.ts';
import { Suspensions } from '../../support/suspensions.ts';
import { connectFailure, tooSlow } from './connect-failure.ts';
import type { RabbitConnection } from '../options.ts';
import { dial, Renewal, type Session } from './session.ts';
import { errorAt, type Node, type Target, targetOf, withIdentity } from './target.ts';

/** The source or sink that uses a link. */
export interface LinkEnd {
  /**
   * Opens the channels and the consumer of the session. Rejects with the reason of a failure. Returns the detail of the report
   * to the operator.
   */
  start(session: Session): Promise<string>;
  /** A session for which `start` was called is over, and its state is void. Returns whether it was of use. Never throws. */
  over(failure: Error | undefined): boolean;
  /** The error for the end of a session; undefined when it is only a lost connection. */
  explain(failure: Error): SluiceError | undefined;
  /** The server blocks the connection, or unblocks it. */
  blocked(isBlocked: boolean): void;
}

const AWAY = { firstMs: 250, capMs: 5000 };
/** After a refusal, which the next attempt most likely gets again. */
const REFUSED = { firstMs: 500, capMs: 10_000 };
/** After a session that was of no use and lived shorter the backoff goes on. */
const SHORT_MS = 5000;

/** One session after the other until `close`. */
export class Link {
  readonly target: Target;
  readonly suspensions: Suspensions;
  readonly #read: () => RabbitConnection;
  readonly #context: BusContext;
  readonly #end: LinkEnd;
  readonly #closing = new AbortController();
  readonly #opened = Promise.withResolvers<void>();
  #session: Session | undefined;
  #life: Promise<void> | undefined;
  #lastProblem: SluiceError | undefined;

  constructor(options: EndOptions<RabbitConnection, unknown>, context: BusContext, end: LinkEnd) {
    this.target = targetOf(options.connection, context);
    this.#read = connectionReader(options);
    this.#context = context;
    this.suspensions = new Suspensions((event) => context.report(event));
    this.#end = end;
  }

  /** Resolves once the first session is ready, without a deadline. Rejects when `context.signal` aborts before. */
  async open(): Promise<void> {
    const { signal } = this.#context;
    const stop = (): void => this.#opened.reject(this.#lastProblem ?? this.error('BUS_UNREACHABLE', 'stopped'));
    signal.addEventListener('abort', stop, { once: true });
    try {
      const client = await import('./library.ts');
      if (signal.aborted) stop();
      else this.#life = this.#live(client);
      await this.#opened.promise;
    } catch (thrown) {
      await this.close();
      throw thrown;
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** Aborts when the link is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** The present options of the connection. */
  connection(): RabbitConnection {
    return this.#read();
  }

  error(code: ErrorCode, text: string, cause?: unknown): SluiceError {
    return errorAt(this.target, code, text, cause);
  }

  reportProblem(error: SluiceError): void {
    this.#lastProblem = error;
    this.#context.report({ kind: 'problem', error });
  }

  notice(code: NoticeCode, text: string): void {
    this.#context.report({ kind: 'notice', code, text: `${this.target.connection}: ${text}` });
  }

  /** Lets earlier writes arrive and closes, within a few seconds. Idempotent. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#session?.close();
    // This ends also a session that is still being made.
    await this.#life;
  }

  async #live(client: typeof Client): Promise<void> {
    const { signal } = this.#closing;
    let away = 0;
    let refused = 0;
    for (const node of rotation(this.target.nodes)) {
      if (signal.aborted) return;
      const session = await this.#dial(client, node);
      if (session === undefined) {
        away += 1;
        await pause(backoffMs(AWAY, away), signal);
        continue;
      }
      const ended = signal.aborted ? await session.close() : await this.#run(session, node);
      refused = ended === 'refused' ? refused + 1 : 0;
      away = ended === 'useless' ? away + 1 : 1;
      await pause(refused > 0 ? backoffMs(REFUSED, refused) : backoffMs(AWAY, away), signal);
    }
  }

  async #dial(client: typeof Client, node: Node): Promise<Session | undefined> {
    const { target } = this;
    const trial = new AbortController();
    const stop = (): void => trial.abort();
    this.#closing.signal.addEventListener('abort', stop, { once: true });
    const answered = whenSlow(() => this.reportProblem(tooSlow(target, node, SLOW_MS)));
    const options = this.#read();
    const dialing = dial(client, options, target, withIdentity(node, options), trial.signal);
    try {
      return await withDeadline(dialing, target.timeoutMs, () => tooSlow(target, node, target.timeoutMs));
    } catch (thrown) {
      trial.abort();
      // The attempt may succeed later: its session is ended then.
      dialing.then(
        (session) => session.end(),
        () => {},
      );
      if (this.#closing.signal.aborted) return undefined;
      this.reportProblem(thrown instanceof SluiceError ? thrown : connectFailure(target, node, options, thrown));
      return undefined;
    } finally {
      answered();
      this.#closing.signal.removeEventListener('abort', stop);
    }
  }

  /** Runs a session to its end. `useless`: it ended without use, although the server refused nothing. */
  async #run(session: Session, node: Node): Promise<'useful' | 'useless' | 'refused'> {
    const { signal } = this.#closing;
    const beganAtMs = performance.now();
    const over = Promise.withResolvers<{ wasUseful: boolean; failure: Error | undefined }>();
    this.#session = session;
    session.listen({
      over: (failure) => over.resolve({ wasUseful: this.#end.over(failure), failure }),
      blocked: (reason) => {
        this.#end.blocked(true);
        this.#context.report({
          kind: 'disconnected',
          detail: `${node.shown}: the server takes nothing until it has room: ${reason}`,
        });
      },
      unblocked: () => {
        this.#end.blocked(false);
        this.#context.report({ kind: 'connected', detail: `${node.shown}: the server takes messages again` });
      },
    });
    try {
      const late = (): SluiceError => tooSlow(this.target, node, this.target.timeoutMs);
      // A request over a session that ends meanwhile is never answered.
      const ended = over.promise.then(({ failure }) => {
        throw failure ?? this.error('BUS_UNREACHABLE', 'the connection ended');
      });
      const started = Promise.race([this.#end.start(session), ended]);
      const detail = await withDeadline(started, this.target.timeoutMs, late);
      this.#context.report({ kind: 'connected', detail: `${node.shown}: ${detail}` });
      this.#opened.resolve();
    } catch (thrown) {
      session.end();
      await over.promise;
      if (!signal.aborted) this.#refused(thrown);
      return 'refused';
    }
    const { wasUseful, failure } = await over.promise;
    if (signal.aborted) return 'useful';
    this.#context.report({
      kind: 'disconnected',
      detail: `${node.shown}: ${failure?.message ?? 'the connection ended'}`,
      renewed: failure instanceof Renewal,
    });
    const meaning = failure === undefined ? undefined : this.#end.explain(causeOf(failure));
    if (meaning !== undefined) this.reportProblem(meaning);
    if (wasUseful || performance.now() - beganAtMs > SHORT_MS) return 'useful';
    return meaning === undefined ? 'useless' : 'refused';
  }

  #refused(thrown: unknown): void {
    const meaning = thrown instanceof Error ? this.#end.explain(thrown) : undefined;
    const known = thrown instanceof SluiceError ? thrown : meaning;
    this.reportProblem(known ?? this.error('BUS_UNREACHABLE', messageOf(thrown), thrown));
  }
}

/** The server's error, when that was the reason for a renewal. */
function causeOf(failure: Error): Error {
  return failure instanceof Renewal && failure.cause instanceof Error ? failure.cause : failure;
}
