import type { FindingCode } from './findings.ts';

/** What each code means, for docs/errors.md. In a file of its own: no bundle needs the texts. */
export const FINDING_MEANINGS: Readonly<Record<FindingCode, string>> = {
  YAML_SYNTAX: 'The file is not YAML 1.2. Nothing behind this place was checked.',
  YAML_DUPLICATE_KEY: 'A key stands twice in one map; YAML readers differ on which one wins.',
  YAML_DOCUMENTS: 'One pipeline a file: a second YAML document is refused.',
  UNKNOWN_FIELD: 'A key that this map does not have. Nothing unknown is ever ignored.',
  MISSING_FIELD: 'A key that must be there is not.',
  WRONG_TYPE: 'A value of another kind than this key takes: text, number, list, map.',
  WRONG_VALUE: 'A value of the right kind that this key does not take.',
  UNIT_MISSING: 'A duration, a size or a rate without its unit.',
  NOT_IN_THIS_VERSION: 'A word of the pipeline file that this version does not carry out yet, and therefore refuses.',
  NOT_OFFERED: 'A promise that is refused for good, because it could not be kept; the finding says why.',
  UNKNOWN_BUS: 'A connection names a kind of bus that does not exist.',
  UNKNOWN_CONNECTION: 'A route names a connection that the file does not have under `buses`.',
  UNUSED_CONNECTION: 'A connection that no route uses.',
  UNKNOWN_STAGE: 'A stage whose verb does not exist.',
  STAGE_VERBS: 'A stage with two verbs: the order would be a guess.',
  UNKNOWN_FUNCTION: 'The project has no function file of that name.',
  FUNCTION_TWICE: 'Two function files of one name, such as x.ts and x.js: which of them runs would be a guess.',
  UNKNOWN_SCHEMA: 'The project has no schema file of that name.',
  FUNCTION_BROKEN: 'A function file that does not compile, or whose default export is no function.',
  FUNCTION_TYPES:
    'A type error in a function file, as the TypeScript compiler of the project tells it, or else the one beside Sluice.',
  FUNCTION_SCHEMAS:
    'The types of a function are not those of the schemas before and behind it in a route; the finding names both and the field that differs.',
  FUNCTION_TYPES_UNCHECKED: 'The types of the functions were not looked at; the finding says why.',
  SCHEMA_BROKEN: 'A schema file that is no JSON, or that the validator cannot compile.',
  SCHEMA_TYPES_DRIFT:
    'schemas/types.d.ts is not what the schemas give, or a function imports it and it is not there. `sluice types` writes it.',
  SCHEMA_HEADER_STALE:
    'A stage chooses the schema by the header `schema` and turns bodies into a later version, and the header leaves as it came.',
  BODY_UNDESCRIBED:
    'A route can send a body that no schema describes. A warning where a stage changes what a schema has judged, a notice where the route has no schema.',
  PATTERN_UNSAFE:
    'A pattern of a schema or of an expression that a text could hold up the process with: it cannot be run in time that grows with the text alone.',
  DUPLICATE_ROUTE: 'Two routes of one name: durable names, client ids and counters are made from it.',
  CLASS_NEEDS_KEY: 'A traffic class that works per key, on a route whose source has none.',
  CLASS_NEEDS_EXPIRY: 'A traffic class whose messages must expire, on a route whose source has no expiry.',
  EXPIRY_NEEDS_TIME:
    '`expires` counts from a time of the publisher, and no message of this source has one: each would be a dead letter.',
  EXPIRY_AGE_UNKNOWN:
    '`expires` counts from the arrival of a message that has no time of its own; how long it lay at the server before, only a setting there or at the publisher bounds.',
  EXPIRY_CLOCK: 'From which time `expires` of this route counts.',
  CLASS_UNKEPT: 'A traffic class that an end of this route cannot keep; the finding names a class that it can.',
  CLASS_REFUSES: 'A word beside a traffic class that contradicts it.',
  CLASS_ONE_INSTANCE:
    'The source is shared among processes, and this traffic class holds for one process alone; the finding says what is lost with more.',
  CLASS_NOTE: 'What an operator must know of this traffic class between these ends.',
  PROMISE_UNMET:
    'The route promises less than its `promise` demands; the finding says which end falls short and what would lift it.',
  OPTIONS_CONFLICT: 'Options that exclude one another, or that this bus refuses together.',
  LETTERS_NEED_HEADERS: 'A bus for dead letters that carries no headers: it could not say why a message ended there.',
  ROUTE_LOOP:
    'What a route sends comes back to it, by itself or over other routes of the file: one message becomes thousands. A warning where it depends on the values of messages, on a stage, or on two connections being one bus.',
  TEMPLATE_SYNTAX: 'A template that cannot be read.',
  TEMPLATE_FIELD: 'A template names a field that cannot exist here.',
  TEMPLATE_LEVEL: 'A template names a level that no address of this source has.',
  TEMPLATE_LEVEL_SHORT:
    'A template names a level that some filters of this source cannot have; messages of those filters would be rejected.',
  TEMPLATE_REST: 'The rest of an address, `{topic.1+}`, stands beside other text in its level.',
  TEMPLATE_ADDRESS: 'The fixed part of an address template makes an address that the bus refuses.',
  TEMPLATE_MISSING: 'A sink says nowhere where its messages go.',
  TEMPLATE_ENCODED: 'How values from messages are written into addresses. Said once a file.',
  EXPRESSION_SYNTAX: 'An expression that cannot be read. Line and column are those of the place in its text.',
  EXPRESSION_FIELD:
    'An expression names a variable that there is not, or a field that the schema before it does not have. A warning where the schema allows other fields.',
  EXPRESSION_TYPE: 'An expression with operands that do not fit, or with a result that its place does not take.',
  RESERVED_HEADER: 'A header that only the runtime writes: labels and traces follow the message by themselves.',
  HEADER_UNWRITABLE:
    'A header under `headers: { set }` that the bus of the sink cannot write under this name or with this value. A warning where it is carried in another header.',
  LABEL_POLICY:
    'A word about labels that the policy does not know or allow, a connection without a ceiling beside a policy, or a flaw in the policy file.',
  LABEL_FLOW:
    'Messages could reach a place that may not hold their label: the highest label that can get there is above its ceiling.',
  LABEL_UNWRITABLE: 'A sink that cannot carry a label, so that its readers would not know it.',
  UNKNOWN_GUARD: 'A stage names a guard that the file does not have under `guards`.',
  GUARD_PLACE:
    'Something stands where a guard does not allow it: a second guard, a stage behind it that changes the body, a step out of order, or a template that reads what the guard has dropped.',
  GUARD_OPEN_SCHEMA:
    'A schema of a guard lets something pass that it does not list or bound, or has a keyword that the second validator does not have.',
  GUARD_FREE_TEXT: 'What leaves a guard may hold free text, which no program can judge, and nobody approves it.',
  ENV_MISSING:
    "An environment variable that is not set and has no default. A warning in `check`, where the operator's environment is elsewhere.",
  FILE_UNREADABLE:
    "A `file:` reference that cannot be read. A warning in `check`, where the operator's files are elsewhere.",
  REFERENCE_SYNTAX: 'A value that starts like a reference and is none.',
  REFERENCE_REFUSED: 'A reference where a name must stand: names are read before any environment is known.',
  CHECK_CUT: 'The check ended before its end: it took longer than 5 s, or found more than 1000 things.',
  AT_MOST_ONCE: 'The source does not redeliver: what is in flight when the bridge ends is lost.',
  BUS_NOTE: 'What an operator must know of this bus under these options.',
};
