/** Whether a filter matches an address: `+` is one level, a last `#` any number of levels. */
export function matches(filter: string, address: string): boolean {
  if (filter === address) return true;
  const wanted = filter.split('/');
  const levels = address.split('/');
  for (const [index, level] of wanted.entries()) {
    if (level === '#') return true;
    if (levels[index] === undefined || (level !== '+' && level !== levels[index])) return false;
  }
  return wanted.length === levels.length;
}
