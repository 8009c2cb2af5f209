declare module 'mqtt-packet/constants.js' {
  const constants: {
    /** Reasons that the parser takes in a PUBACK; any other is a malformed packet to it. */
    MQTT5_PUBACK_PUBREC_CODES: Record<number, string>;
  };
  export default constants;
}
