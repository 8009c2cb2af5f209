import type { Frame, Headers } from './frame.ts';

/** The fields that a template may read; a Message is one. `address` and `headers` are those of the source. */
export interface TemplateView {
  readonly id: string;
  readonly address: string;
  readonly key: string | undefined;
  readonly headers: Headers;
  readonly body: unknown;
  /** The frame that it came in: some headers are fields of it. */
  readonly origin: Pick<Frame, 'id' | 'contentType' | 'expiresAtMs'>;
}

/** A compiled template. Throws a SluiceError when the message lacks a value. */
export type Template = (view: TemplateView) => string;
