/**
 * Filters of subjects by their tokens. Comparing each filter with each would take the square of their number; from the
 * root only those that could match the same subject are looked at.
 */
export class FilterTree {
  readonly #below = new Map<string, FilterTree>();
  /** The filter that ends here. */
  #filter: string | undefined;

  add(filter: string): void {
    this.#put(filter, filter.split('.'), 0);
  }

  #put(filter: string, tokens: readonly string[], level: number): void {
    const token = tokens[level];
    if (token === undefined) {
      this.#filter ??= filter;
      return;
    }
    let next = this.#below.get(token);
    if (next === undefined) {
      next = new FilterTree();
      this.#below.set(token, next);
    }
    next.#put(filter, tokens, level + 1);
  }

  /** Some filter of the tree that matches a subject which this one matches too. */
  overlapping(filter: string): string | undefined {
    return this.#find(filter.split('.'), 0);
  }

  #find(tokens: readonly string[], level: number): string | undefined {
    const token = tokens[level];
    if (token === undefined) return this.#filter;
    if (token === '>') return this.#first();
    const rest = this.#below.get('>');
    if (rest !== undefined) return rest.#filter;
    const next = token === '*' ? this.#below.values() : this.#matching(token);
    for (const node of next) {
      const found = node.#find(tokens, level + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #matching(token: string): readonly FilterTree[] {
    return [token, '*'].flatMap((name) => this.#below.get(name) ?? []);
  }

  /** Any filter beneath this place. */
  #first(): string | undefined {
    for (const node of this.#below.values()) {
      const found = node.#filter ?? node.#first();
      if (found !== undefined) return found;
    }
    return undefined;
  }
}
