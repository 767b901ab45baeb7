import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';

/** Why a body cannot be read; `gone`: the sender disconnected before its end. */
export type BodyFault = 'too-large' | 'not-utf8' | 'gone';
type Body = { readonly text: string } | { readonly fault: BodyFault };

/** How long the rest of a refused body may take to arrive and be discarded. */
const discardTimeoutMs = 1000;

/**
 * Reads a UTF-8 body of at most `bytesMax` bytes. Refuses a larger one as soon as Content-Length
 * or the received bytes show it. Never throws.
 *
 * A body that is slow, or shorter than its Content-Length, is ended by the server's requestTimeout.
 */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Body> {
  if (Number(request.headers['content-length'] ?? 0) > bytesMax) {
    return Promise.resolve({ fault: 'too-large' });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    // The first call of `resolve` wins; later data is discarded.
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
 * Discards the rest of a body on which the answer does not depend.
 *
 * Closing at once would reset the connection before the sender has read the answer; waiting
 * without a limit would let it send without a limit.
 */
export function discardBody(request: IncomingMessage): void {
  if (request.complete) return;
  const timer = setTimeout(() => request.socket.destroy(), discardTimeoutMs);
  request.once('close', () => clearTimeout(timer));
  request.once('end', () => clearTimeout(timer));
  request.resume();
}
