import type { CheckLine, CheckTable } from '#contract/doctor.ts';
import { sizeText } from '#kit/quantity-text.ts';
import type { FolderFacts, MachineFacts } from './machine-facts.ts';

/** The checks of the machine that the command runs on. */
export const MACHINE_CHECKS = {
  NODE_VERSION: {
    title: 'Node',
    compares: 'the version of Node with the oldest one that Sluice runs on, and with the end of its maintenance',
    remedy: 'install a maintained version of Node',
  },
  FILE_DESCRIPTORS: {
    title: 'file descriptors',
    compares: 'the most files that a process may open (`ulimit -n`) with what connections, stores and threads need',
    remedy: '`LimitNOFILE=65536` in the systemd unit, or `ulimit -n 65536`',
  },
  STATE_FOLDER: {
    title: 'state folder',
    compares: 'whether a file can be made in the folders of state and spools',
    remedy: '`--state DIR` with a folder that this user may write to',
  },
  STATE_FILE_SYSTEM: {
    title: 'file system of the state folder',
    compares:
      'the kind of its file system with those that lose files at a restart, or whose locks and syncs cannot be relied on',
    remedy: '`--state DIR` on a local disk; in a container, a volume',
  },
  STATE_DISK: {
    title: 'disk space',
    compares: 'the free space with what spools and dead letters may grow to',
    remedy: 'a larger disk, or smaller bounds of `spool` and `deadLetter`',
  },
} as const satisfies CheckTable;

type MachineCode = keyof typeof MACHINE_CHECKS;

/** Beside every connection: stores, logs, threads, the admin port. */
const FILES_BESIDE = 128;
const FILES_A_CONNECTION = 8;
/** What state without spools needs: processed ids, checkpoints, the reserve. */
const LEAST_FREE_BYTES = 256 * 1024 ** 2;

/** When the maintenance of a version of Node ends. */
const NODE_ENDS: Readonly<Record<number, string>> = {
  22: '2027-04-30',
  23: '2025-06-01',
  24: '2028-04-30',
  25: '2026-06-01',
  26: '2029-04-30',
};

const VOLATILE: Readonly<Record<number, string>> = { 0x01021994: 'tmpfs', 0x858458f6: 'ramfs' };
const LAYERED: Readonly<Record<number, string>> = { 0x794c7630: 'overlay' };
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB 2',
  0x00c36400: 'CephFS',
  0x01021997: '9p',
  0x65735546: 'FUSE',
  0x5346414f: 'AFS',
};

/** The lines for a machine. */
export function machineLines(facts: MachineFacts): readonly CheckLine[] {
  return [nodeLine(facts), filesLine(facts), ...facts.folders.flatMap(folderLines)];
}

function line(
  code: MachineCode,
  verdict: CheckLine['verdict'],
  about: string,
  found: string,
  write?: string,
): CheckLine {
  return { code, verdict, about, found, ...(write !== undefined && { write }) };
}

function nodeLine({ node, nowMs }: MachineFacts): CheckLine {
  const [major = 0] = node.split('.').map(Number);
  const end = NODE_ENDS[major];
  if (end === undefined || nowMs < Date.parse(end)) return line('NODE_VERSION', 'ok', '', `Node ${node}`);
  return line('NODE_VERSION', 'warning', '', `Node ${node} was maintained until ${end}`, 'install Node 24 or later');
}

function filesLine({ openFiles, connections }: MachineFacts): CheckLine {
  const needed = FILES_BESIDE + connections * FILES_A_CONNECTION;
  if (openFiles === undefined) return line('FILE_DESCRIPTORS', 'ok', '', 'no limit on open files');
  if (openFiles >= needed) return line('FILE_DESCRIPTORS', 'ok', '', `${openFiles} open files, some ${needed} needed`);
  const found = `a process may have ${openFiles} files open, and this pipeline needs some ${needed}`;
  return line('FILE_DESCRIPTORS', 'warning', '', found, 'LimitNOFILE=65536 in the systemd unit, or ulimit -n 65536');
}

function folderLines(facts: FolderFacts): readonly CheckLine[] {
  return [writableLine(facts), fileSystemLine(facts), spaceLine(facts)];
}

const named = ({ path, use }: FolderFacts): string => `${use}, ${path}`;

function writableLine(facts: FolderFacts): CheckLine {
  const { existing, path, refusal } = facts;
  if (refusal === undefined) {
    const found = existing === path ? 'writable' : `can be made (in ${existing})`;
    return line('STATE_FOLDER', 'ok', named(facts), found);
  }
  const write = '--state DIR with a folder that this user may write to, or chown it';
  return line('STATE_FOLDER', 'error', named(facts), `nothing can be made in ${existing}: ${refusal}`, write);
}

function fileSystemLine(facts: FolderFacts): CheckLine {
  const say = (verdict: CheckLine['verdict'], found: string, write?: string): CheckLine =>
    line('STATE_FILE_SYSTEM', verdict, named(facts), found, write);
  const number = facts.fileSystem;
  const local = '--state DIR on a local disk';
  const volatile = VOLATILE[number];
  if (volatile !== undefined)
    return say('warning', `it is on ${volatile}, in memory: a restart of the machine deletes it`, local);
  const layered = LAYERED[number];
  if (layered !== undefined) {
    return say(
      'warning',
      `it is on ${layered}, a layer of a container: it is deleted with the container`,
      '--state DIR on a volume of the container',
    );
  }
  const remote = REMOTE[number];
  if (remote !== undefined)
    return say('warning', `it is on ${remote}: locks and syncs over a network cannot be relied on`, local);
  return say('ok', 'a local file system');
}

function spaceLine(facts: FolderFacts): CheckLine {
  const { freeBytes, neededBytes } = facts;
  const needed = Math.max(neededBytes, LEAST_FREE_BYTES);
  const found = `${sizeText(freeBytes)} free`;
  if (freeBytes >= needed)
    return line('STATE_DISK', 'ok', named(facts), `${found}, at most ${sizeText(needed)} needed`);
  const write = `room for ${sizeText(needed)}, or smaller bounds of spool and deadLetter in the file`;
  // Below this even the checkpoints have no room.
  const verdict = freeBytes < LEAST_FREE_BYTES / 16 ? 'error' : 'warning';
  return line('STATE_DISK', verdict, named(facts), `${found}, and it may grow to ${sizeText(needed)}`, write);
}
