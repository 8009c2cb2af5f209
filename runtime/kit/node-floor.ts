const FLOOR = [22, 18] as const;

/** True on a Node below the floor, after saying so: anything else that then happened would be a riddle. */
export function isNodeTooOld(version: string = process.versions.node): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > FLOOR[0] || (major === FLOOR[0] && minor >= FLOOR[1])) return false;
  process.stderr.write(`expected Node ${FLOOR.join('.')} or later, found ${version}: install a newer one\n`);
  return true;
}
