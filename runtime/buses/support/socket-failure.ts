const TLS_CODES =
  /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY|DECRYPT|DECODE)|HOSTNAME_MISMATCH|INVALID_CA)/;

/** Whether an error code of Node's sockets concerns TLS. */
export function isTlsCode(code: string): boolean {
  return TLS_CODES.test(code);
}

/** The finding and the remedy for a TLS code. `otherHost` and `noTls` are the remedies of these two cases. */
export function tlsFailure(code: string, advice: { otherHost: string; noTls: string }): readonly [string, string] {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return [`the server's certificate names another host (${code})`, advice.otherHost];
  }
  if (/CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN/.test(code)) {
    return [
      `the server does not take the client certificate (${code})`,
      'set tls.cert and tls.key to a pair that it trusts',
    ];
  }
  if (code.startsWith('ERR_OSSL') || code === 'ERR_SSL_KEY_VALUES_MISMATCH') {
    return [`a certificate or key cannot be used (${code})`, 'check tls.ca, tls.cert and tls.key'];
  }
  if (code === 'EPROTO' || code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG') {
    return [`the server does not speak TLS there (${code})`, advice.noTls];
  }
  return [`the server's certificate is not trusted (${code})`, 'set tls.ca to the certificate of its authority'];
}

/** The reason why a socket did not connect. */
export function unreachable(code: string): string {
  switch (code) {
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name is not known';
    case 'ECONNREFUSED':
      return 'the connection is refused';
    default:
      return 'the server cannot be reached';
  }
}
