import { type IncomingHttpHeaders, request } from 'node:http';

/** An answer as it was sent: `fetch` would decompress it. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface RawRequest {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | object;
}

/** Sends a request with any headers, and reads its answer to the end. */
export function rawAnswer(url: string, asked: RawRequest = {}): Promise<RawAnswer> {
  const { method = asked.body === undefined ? 'GET' : 'POST', body } = asked;
  const headers = { 'content-type': 'application/json', ...asked.headers };
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.once('error', reject);
    sent.end(typeof body === 'object' ? JSON.stringify(body) : body);
  });
}
