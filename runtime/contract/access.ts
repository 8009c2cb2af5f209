import type { AddressPattern } from './reach.ts';

/** One thing that a user of a broker may do, in the broker's own words. */
export interface Right {
  /** `publish`, `subscribe`; `read`, `write`, `configure`; `Read`, `Describe`. */
  readonly operation: string;
  /** What it is done to, where the broker has several kinds: `topic`, `group`, `queue`, `exchange`. */
  readonly kind?: string;
  /** The pattern of names, in the notation of the broker's configuration. */
  readonly on: string;
  /** The part of the broker that has names of its own: a virtual host. */
  readonly within?: string;
  /** What the route does with it, for an operator. */
  readonly why: string;
}

/** The rights that one end needs, and no other. */
export interface Needs {
  readonly rights: readonly Right[];
  /** For an operator, a sentence each: what these rights allow beyond the need, because the broker has no narrower ones. */
  readonly notes: readonly string[];
}

/** Options of an end, as for opening it. */
export interface AccessOptions<Connection, End> {
  readonly connection: Connection;
  readonly end: End;
}

/** The end that the rights are for. `direction` and `isFenced` are those of its BusContext. */
export interface AccessPlace {
  readonly pipeline: string;
  readonly route: string;
  readonly direction: 'source' | 'sink' | 'dead-letters';
  readonly isFenced: boolean;
  /** For a sink: patterns of the addresses that its template can make. For a source: none. */
  readonly addresses: readonly AddressPattern[];
}

/** One identity at a broker, with all that the ends that use it need. */
export interface AccessUser {
  /** Its name at the broker. */
  readonly name: string;
  /** What is to be told of the identity, a sentence each: where its secret comes from. */
  readonly identity: readonly string[];
  /** The connections of the pipeline file that use it. */
  readonly connections: readonly string[];
  /** Options of the first of them. */
  readonly connection: object;
  readonly rights: readonly Right[];
  readonly notes: readonly string[];
}

/** A right that a running broker gives to a user, or does not give. */
export interface AccessDifference {
  readonly user: string;
  /** `too much`: the pipeline does not need it. `missing`: it does. */
  readonly kind: 'too much' | 'missing';
  /** `subscribe >`. */
  readonly right: string;
  /** How it was found: `tried`, `listed by the server`. */
  readonly by: string;
}

/** The outcome of a comparison. */
export interface AccessComparison {
  readonly differences: readonly AccessDifference[];
  /** The number of rights looked at, or operations tried. */
  readonly looked: number;
  /** What the comparison could not see, a sentence each. */
  readonly unseen: readonly string[];
}

/** A kind of server whose access is configured: several buses may share one. */
export interface AccessBroker {
  /** The word behind `sluice acl --for`. */
  readonly name: string;
  /** The text of the broker's configuration in which nobody may do more than these users, and they no more than their rights. */
  write(users: readonly AccessUser[], pipeline: string): string;
  /** Schemes of the URL behind `--check`, without the colon. */
  readonly schemes: readonly string[];
  /** Compares the running broker at `url` with the rights. Changes nothing there. Rejects with a BUS_ code where it cannot be asked. */
  compare(url: URL, users: readonly AccessUser[]): Promise<AccessComparison>;
}

/** The name under which a connection is known to its broker. */
export interface Identity {
  /** Undefined: the connection names none. */
  readonly name: string | undefined;
  /** Where it names none, what else tells it from others: a key, a certificate. Connections with different ones are different users. */
  readonly secret?: string | undefined;
  readonly notes: readonly string[];
}

/** What a driver knows of the rights that its ends need. */
export interface BusAccess<Connection = object, From = object, To = object> {
  readonly broker: AccessBroker;
  identity(connection: Connection): Identity;
  source(options: AccessOptions<Connection, From>, place: AccessPlace): Needs;
  /** `place.direction` is `sink` or `dead-letters`. */
  sink(options: AccessOptions<Connection, To>, place: AccessPlace): Needs;
}
