import { readFileSync } from 'node:fs';

/** The PEM files of a TLS connection. `caFile` replaces the well-known certificate authorities. */
interface TlsFiles {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/** Reads the files of a TLS connection. */
export function readTlsFiles(files: boolean | TlsFiles) {
  if (typeof files === 'boolean') return {};
  const { caFile, certFile, keyFile } = files;
  return {
    ...(caFile === undefined ? {} : { ca: readFileSync(caFile, 'utf8') }),
    ...(certFile === undefined ? {} : { cert: readFileSync(certFile, 'utf8') }),
    ...(keyFile === undefined ? {} : { key: readFileSync(keyFile, 'utf8') }),
  };
}
