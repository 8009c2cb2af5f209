/** The parts of the package that tests use: another implementation of AIS, to compare with. */
declare module 'ggencoder' {
  interface Report {
    readonly mmsi: string;
    readonly lon: number;
    readonly lat: number;
    /** Knots. */
    readonly sog: number;
    /** Degrees. */
    readonly cog: number;
  }
  const ggencoder: {
    readonly AisDecode: new (sentence: string, session: object) => Report & { readonly valid: boolean };
    readonly AisEncode: new (
      report: Partial<Report> & {
        readonly aistype: number;
        readonly navstatus?: number;
        readonly hdg?: number;
        readonly utc?: number;
      },
    ) => { readonly nmea: string };
  };
  export default ggencoder;
}
