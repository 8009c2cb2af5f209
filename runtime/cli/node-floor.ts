const FLOOR = [22, 18] as const;

const OWN = 'export PATH="$PWD/node_modules/.bin:$PATH"';

/** True on a Node below the floor, after an error text: any later failure would not show the cause. */
export function isNodeTooOld(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return false;
  process.stderr.write(
    `expected Node ${FLOOR.join('.')} or later, found ${version}: install a newer one, or take one that npm has installed: ${OWN}\n`,
  );
  return true;
}
