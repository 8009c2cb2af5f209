import type { ErrorCode } from '#contract/errors.ts';

interface KafkaErrorDetails {
  readonly type?: string | undefined;
  readonly isTimeout?: boolean;
  readonly memberId?: string | undefined;
  readonly cause?: unknown;
}

/** The one kind of error with which a KafkaClient rejects. The message is fit for users, without the name of the bus. */
export class KafkaError extends Error {
  readonly code: ErrorCode;
  /** Kafka's own name of the error, where a server answered with one: NOT_LEADER_FOR_PARTITION. */
  readonly type: string | undefined;
  /** The answer did not come in time. */
  readonly isTimeout: boolean;
  /** With MEMBER_ID_REQUIRED: the id under which the member is to join again. */
  readonly memberId: string | undefined;

  constructor(code: ErrorCode, text: string, { type, isTimeout = false, memberId, cause }: KafkaErrorDetails = {}) {
    super(text, { cause });
    this.name = 'KafkaError';
    this.code = code;
    this.type = type;
    this.isTimeout = isTimeout;
    this.memberId = memberId;
  }
}

/** The error of the client behind `thrown`, which may have become the cause of another one. */
export function kafkaErrorIn(thrown: unknown): KafkaError | undefined {
  for (let error = thrown; error instanceof Error; error = error.cause) if (error instanceof KafkaError) return error;
  return undefined;
}
