import { Writable } from 'node:stream';

/** Something to write on, and what was written. */
export function createTerminal(properties: object) {
  let text = '';
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk;
      done();
    },
  });
  return { terminal: Object.assign(stream, properties), text: () => text };
}
