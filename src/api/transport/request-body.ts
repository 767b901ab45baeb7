import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** What can be wrong with a body before it is JSON; `gone`: its sender left before the end. */
export type BodyFault = 'too-large' | 'not-utf8' | 'gone';
export type Body = { readonly text: string } | { readonly fault: BodyFault };

/** Time in which the rest of a refused body may still arrive, to be thrown away. */
const discardTimeoutMs = 1000;

/**
 * Reads a body of at most `bytesMax` bytes, refusing a larger one as soon as it shows, from
 * Content-Length or from what has arrived. The whole must be UTF-8. Never throws.
 *
 * A body that is slow, or shorter than its Content-Length, ends with the server's requestTimeout.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    return Promise.resolve({ fault: 'too-large' });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // The first to settle it wins; what comes after is thrown away.
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else resolve({ fault: 'too-large' });
    });
    request.on('end', () => {
      const whole = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
      resolve(isUtf8(whole) ? { text: whole.toString('utf8') } : { fault: 'not-utf8' });
    });
    request.on('close', () => resolve({ fault: 'gone' }));
    request.on('error', () => resolve({ fault: 'gone' }));
  });
}

/**
 * Throws away what is left of a body whose answer does not depend on it.
 *
 * Closing at once would reset the connection under a sender that has not read the answer yet;
 * waiting for ever would let it send for ever.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), discardTimeoutMs);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
  request.resume();
}
