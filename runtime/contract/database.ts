/** A value of a statement's parameters. */
export type SqlValue = null | number | bigint | string | Uint8Array;
/** Values for `:name`. */
export type SqlNamed = Record<string, SqlValue>;
export type SqlRow = Record<string, unknown>;

/** A compiled statement of a database. Each call throws the database's error. */
export interface Statement {
  get(...values: SqlValue[]): SqlRow | undefined;
  get(named: SqlNamed): SqlRow | undefined;
  all(...values: SqlValue[]): SqlRow[];
  all(named: SqlNamed): SqlRow[];
  iterate(...values: SqlValue[]): Iterable<SqlRow>;
  iterate(named: SqlNamed): Iterable<SqlRow>;
  run(...values: SqlValue[]): { readonly changes: number | bigint };
  run(named: SqlNamed): { readonly changes: number | bigint };
}

/** An open database file. Each call throws the database's error: a full disk, a lock, damage. */
export interface Database {
  readonly isOpen: boolean;
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}
