import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The files of a server for 127.0.0.1 that only its own authority vouches for. */
export interface Certificates {
  readonly caFile: string;
  /** The private key and the certificate of the server, in one PEM file. */
  readonly keyStoreFile: string;
  dispose(): Promise<void>;
}

export async function createCertificates(): Promise<Certificates> {
  const directory = await mkdtemp(path.join(tmpdir(), 'daybook-tls-'));
  const at = (name: string): string => path.join(directory, name);
  const openssl = (line: string) =>
    promisify(execFile)('openssl', line.split(' '), { cwd: directory });
  const key = '-newkey rsa:2048 -nodes';
  await openssl(`req -x509 ${key} -keyout ca.key -out ca.pem -days 2 -subj /CN=daybook-test`);
  await openssl(`req ${key} -keyout server.key -out server.csr -subj /CN=127.0.0.1`);
  await writeFile(at('san'), 'subjectAltName=IP:127.0.0.1\n');
  const signing = '-CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile san';
  await openssl(`x509 -req -in server.csr ${signing} -out server.pem`);
  const parts = await Promise.all(['server.key', 'server.pem'].map((name) => readFile(at(name))));
  await writeFile(at('store.pem'), Buffer.concat(parts));
  return {
    caFile: at('ca.pem'),
    keyStoreFile: at('store.pem'),
    dispose: () => rm(directory, { recursive: true, force: true }),
  };
}
