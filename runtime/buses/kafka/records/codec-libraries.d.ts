declare module 'snappyjs' {
  const snappy: {
    compress(bytes: Buffer): Buffer;
    /** Throws on what is no snappy, or longer than `maxLength`. */
    uncompress(bytes: Buffer, maxLength: number): Buffer;
  };
  export default snappy;
}

declare module 'lz4js' {
  const lz4: {
    /** The length of what was written to `to`; 0 where nothing could be saved. `hashes` must be zero at first. */
    compressBlock(from: Uint8Array, to: Uint8Array, start: number, length: number, hashes: Uint32Array): number;
  };
  export default lz4;
}
