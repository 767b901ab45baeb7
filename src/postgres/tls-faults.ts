/** The codes of Node.js for a certificate whose signature cannot be traced to an authority. */
const untrusted: ReadonlySet<unknown> = new Set([
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** What to do about an error of TLS while connecting, in one line; null for any other error. */
export function tlsAdvice(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  const code = 'code' in error ? error.code : undefined;
  if (untrusted.has(code)) {
    return (
      `its certificate is not signed by an authority that is trusted (${error.message}): ` +
      'name the certificate of the authority with sslrootcert=FILE in DATABASE_URL'
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return 'its certificate is for another host name: use the name in it in DATABASE_URL';
  }
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired: renew it';
  if (error.message === 'The server does not support SSL connections') {
    return (
      'it does not offer TLS: set ssl = on in its postgresql.conf, ' +
      'or sslmode=disable in DATABASE_URL if you trust the network'
    );
  }
  if (/^no pg_hba\.conf entry .*, no encryption$/.test(error.message)) {
    return `${error.message}: set sslmode=verify-full in DATABASE_URL`;
  }
  if (error.message === 'connection requires a valid client certificate') {
    return `${error.message}: set sslcert=FILE and sslkey=FILE in DATABASE_URL`;
  }
  return null;
}
