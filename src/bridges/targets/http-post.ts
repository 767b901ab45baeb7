import http from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { withTimeout } from '../../lib/with-timeout.ts';

/** Sends requests to one URL, one at a time, over a connection that is kept. */
interface Poster {
  /**
   * Sends a POST and returns the status and the headers of the answer. Follows no redirect. Reads
   * the body of the answer up to a limit and drops it. Throws if there is no answer in time.
   */
  post(request: PostRequest, signal: AbortSignal): Promise<PostAnswer>;
  close(): void;
}

interface PostRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface PostAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
}

interface PosterOptions {
  readonly url: URL;
  /** How long an attempt may take in total. */
  readonly timeoutMs: number;
  /** Finds the addresses of host names; that of Node.js if absent. */
  readonly lookup?: LookupFunction;
}

const connectMs = 5_000;
const bodyMax = 64 * 1024;
const bodyMs = 1_000;

export function createPoster({ url, timeoutMs, lookup }: PosterOptions): Poster {
  const isTls = url.protocol === 'https:';
  const options = { keepAlive: true, maxSockets: 1, ...(lookup && { lookup }) };
  const agent = isTls
    ? new https.Agent({ ...options, rejectUnauthorized: true })
    : new http.Agent(options);
  const { request } = isTls ? https : http;

  function attempt({ headers, body }: PostRequest, signal: AbortSignal): Promise<PostAnswer> {
    return new Promise((resolve, reject) => {
      const length = String(Buffer.byteLength(body));
      const sent = request(url, {
        agent,
        method: 'POST',
        headers: { ...headers, 'content-length': length },
        signal,
      });
      const refuseLate = setTimeout(
        () => sent.destroy(new Error(`${url.host} did not accept a connection in time`)),
        Math.min(connectMs, timeoutMs),
      );
      sent.once('socket', (socket) => {
        if (!socket.connecting) clearTimeout(refuseLate);
        else socket.once(isTls ? 'secureConnect' : 'connect', () => clearTimeout(refuseLate));
      });
      let isAnswered = false;
      sent.once('close', () => {
        clearTimeout(refuseLate);
        if (!isAnswered) reject(new Error(`${url.host} closed the connection without an answer`));
      });
      sent.once('response', (response) => {
        isAnswered = true;
        const { statusCode: status = 0, headers: answered } = response;
        drain(response).then(() => resolve({ status, retryAfter: answered['retry-after'] }));
      });
      sent.once('error', (error) => {
        reject(sent.reusedSocket && !signal.aborted ? new StaleConnectionError(error) : error);
      });
      sent.end(body);
    });
  }

  return {
    post: (request, signal) =>
      withTimeout(signal, timeoutMs, async (either) => {
        try {
          return await attempt(request, either).catch((error: unknown) => {
            // The server may close a kept connection at any time.
            if (error instanceof StaleConnectionError) return attempt(request, either);
            throw error;
          });
        } catch (error) {
          if (!either.aborted || signal.aborted) throw error;
          throw new Error(`${url.host} did not answer within ${timeoutMs} ms`, { cause: error });
        }
      }),
    close: () => agent.destroy(),
  };
}

/** A kept connection failed before there was an answer. */
class StaleConnectionError extends Error {
  readonly code = 'STALE_CONNECTION';
  constructor(cause: Error) {
    super(cause.message, { cause });
  }
}

/** Drops the body of an answer; closes the connection if it is long or slow. Never throws. */
function drain(response: http.IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    let length = 0;
    const timer = setTimeout(() => response.destroy(), bodyMs);
    response.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length > bodyMax) response.destroy();
    });
    response.once('error', () => {});
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
