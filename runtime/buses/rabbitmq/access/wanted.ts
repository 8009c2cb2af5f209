import type { AccessUser, Right } from '#contract/access.ts';
import { anyOf, exampleOf } from './expressions.ts';

export const OPERATIONS = ['configure', 'write', 'read'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What a user may do in one virtual host: an expression for each operation. */
export interface WantedPermissions {
  readonly vhost: string;
  readonly names: Readonly<Record<Operation, string>>;
  /** By topic exchange. */
  readonly topics: ReadonlyMap<string, Readonly<Record<'write' | 'read', string>>>;
  /** Names that the expression of the operation matches: one of each of its parts. Of a topic exchange: routing keys. */
  examples(operation: Operation, exchange?: string): readonly string[];
}

const TOPIC = /^topic (.*)$/s;

const isName = ({ kind = '' }: Right): boolean => !TOPIC.test(kind);

/** The permissions of a user, by virtual host. */
export function wantedOf({ rights }: AccessUser): readonly WantedPermissions[] {
  const vhosts = [...new Set(rights.flatMap(({ within }) => within ?? []))];
  return vhosts.map((vhost) => {
    const own = rights.filter(({ within }) => within === vhost);
    const expression = (kind: (right: Right) => boolean, operation: string): string =>
      anyOf(own.filter((right) => kind(right) && right.operation === operation).map(({ on }) => on));
    const exchanges = new Set(own.flatMap(({ kind = '' }) => TOPIC.exec(kind)?.[1] ?? []));
    const topics = [...exchanges].map((exchange) => {
      const isOf = ({ kind }: Right): boolean => kind === `topic ${exchange}`;
      return [exchange, { write: expression(isOf, 'write'), read: expression(isOf, 'read') }] as const;
    });
    const names = {
      configure: expression(isName, 'configure'),
      write: expression(isName, 'write'),
      read: expression(isName, 'read'),
    };
    return {
      vhost,
      names,
      topics: new Map(topics),
      examples: (operation, exchange) =>
        own
          .filter((right) => right.operation === operation)
          .filter((right) => (exchange === undefined ? isName(right) : right.kind === `topic ${exchange}`))
          .map(({ on }) => exampleOf(on)),
    };
  });
}

/** The tags that a user needs. */
export function tagsOf({ rights }: AccessUser): readonly string[] {
  return [...new Set(rights.filter(({ operation }) => operation === 'tag').map(({ on }) => on))];
}
