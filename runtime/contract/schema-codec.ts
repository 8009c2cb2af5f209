import type { BodyRules, Codec } from './codec.ts';

/** A file of `schemas/` that a codec reads. */
export interface CodecSchemaFile {
  /** Without folder and ending. */
  readonly name: string;
  readonly content: Uint8Array;
  /** Schemas of a registry that it refers to, each before those that need it. */
  readonly imports?: readonly Uint8Array[];
}

/** Why a codec cannot be made. `file`: that of the schema, or undefined where an option in the pipeline file is wrong. */
export interface CodecFlaw {
  readonly file: string | undefined;
  /** A JSON pointer into the schema file; for an option its name. */
  readonly at: string;
  readonly expected: string;
  readonly found: string;
  readonly write: string;
  readonly suggestion?: string | undefined;
}

export class CodecFlaws extends Error {
  override readonly name = 'CodecFlaws';
  readonly flaws: readonly CodecFlaw[];

  constructor(flaws: readonly CodecFlaw[]) {
    super(flaws.map(({ expected, found }) => `expected ${expected}, found ${found}`).join('; '));
    this.flaws = flaws;
  }
}

/** What a codec is made of. */
export interface CodecParts {
  /** The schema that the pipeline file names. */
  readonly schema: CodecSchemaFile;
  /** The options beside it. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly rules: BodyRules;
}

/** A codec, and what a format that names the schema within the message needs of it. */
export interface SchemaCodec extends Codec {
  /** A codec that reads what was written by another version of the schema as bodies of this one. Throws CodecFlaws. */
  readerOf?(writer: CodecSchemaFile): Codec;
  /** Where a schema holds several messages: which of them a body is, in front of it. */
  readonly messageHead?: MessageHead;
  /** The same where the writer has its messages in other places: by its schema as a registry has it. Throws CodecFlaws. */
  headOf?(writer: CodecSchemaFile): Pick<MessageHead, 'read'>;
}

export interface MessageHead {
  /** Of the route's own message. */
  readonly written: Uint8Array;
  /** How many bytes it takes at that place. Throws where it names another message. */
  read(bytes: Uint8Array, at: number): number;
}

/** Makes codecs of schemas. Throws CodecFlaws. */
export type CodecMaker = (parts: CodecParts) => SchemaCodec;

/**
 * A codec that needs a schema: `codec: { avro: track.v1 }`. `check` and the published schema read its members. The code that makes
 * it is loaded for the pipelines that name it alone, and is in no other bundle.
 */
export interface SchemaCodecKind {
  readonly name: string;
  /** One line for docs/stages.md: the body that a function sees. */
  readonly description: string;
  readonly contentType: string;
  /** Of its files in `schemas/`: `.avsc`. */
  readonly ending: string;
  /** JSON Schemas of the options beside the name; those in `needs` must be there. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly needs: readonly string[];
  /** The module that exports its CodecMaker, below `runtime/`. */
  readonly module: { readonly file: string; readonly exportName: string };
}
