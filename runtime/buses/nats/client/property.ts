/** A property of something whose shape nobody vouches for. */
export function propertyOf(whole: unknown, name: string): unknown {
  return typeof whole === 'object' && whole !== null ? Reflect.get(whole, name) : undefined;
}
