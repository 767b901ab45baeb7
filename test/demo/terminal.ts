import { Writable } from 'node:stream';

/** A terminal that keeps the text written to it. */
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
