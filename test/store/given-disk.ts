import { fdatasyncSync, fstatSync } from 'node:fs';

/** A disk whose syncs end as a test wants. */
export class GivenDisk {
  /** `inode`: of the file that is synced. */
  readonly syncs: { readonly inode: number; readonly end: () => void; readonly fail: () => void }[] = [];
  readonly sync = (descriptor: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const fail = (): void => reject(new Error('EIO: i/o error, fdatasync'));
      this.syncs.push({ inode: fstatSync(descriptor).ino, end: resolve, fail });
    });

  /** Whether a sync for which the event loop waits fails. */
  failsNow = false;
  readonly syncNow = (descriptor: number): void => {
    if (this.failsNow) throw new Error('EIO: i/o error, fdatasync');
    fdatasyncSync(descriptor);
  };

  /** Resolves once a sync is waited for. */
  async busy(): Promise<void> {
    while (this.syncs.length === 0) await new Promise(setImmediate);
  }

  /** Ends the sync that is waited for. */
  async next(end: 'end' | 'fail' = 'end'): Promise<void> {
    await this.busy();
    this.syncs.shift()?.[end]();
    await new Promise(setImmediate);
  }
}
