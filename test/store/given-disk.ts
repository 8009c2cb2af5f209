/** A disk whose syncs end as a test wants. */
export class GivenDisk {
  readonly syncs: { readonly end: () => void; readonly fail: () => void }[] = [];
  readonly sync = (): Promise<void> =>
    new Promise((resolve, reject) => {
      this.syncs.push({ end: resolve, fail: () => reject(new Error('EIO: i/o error, fdatasync')) });
    });

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
