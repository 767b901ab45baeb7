import { createServer, type ServerResponse } from 'node:http';

/** What the proxy does with a request; `busy` answers with a temporary error. */
export type Fate = 'passed' | 'busy' | 'request lost' | 'answer lost';

/** A proxy of a server that can lose requests and answers. */
export interface Proxy extends AsyncDisposable {
  readonly url: string;
  /** The largest number of concurrent requests, and the longest body. */
  readonly seen: {
    requests: number;
    atOnceMax: number;
    bodyBytesMax: number;
    token: string | null;
  };
}

/** Calls `decide` for every request with its number, from 1. */
export async function startProxy(
  target: string,
  decide: (count: number, body: string) => Fate = () => 'passed',
): Promise<Proxy> {
  const seen: Proxy['seen'] = { requests: 0, atOnceMax: 0, bodyBytesMax: 0, token: null };
  let atOnce = 0;
  const server = createServer(async (request, response) => {
    seen.requests += 1;
    const count = seen.requests;
    atOnce += 1;
    seen.atOnceMax = Math.max(seen.atOnceMax, atOnce);
    seen.token = request.headers.authorization ?? null;
    const body = await new Response(request as never).text();
    seen.bodyBytesMax = Math.max(seen.bodyBytesMax, Buffer.byteLength(body));
    await answer(target, body, decide(count, body), response);
    atOnce -= 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(
  target: string,
  body: string,
  fate: Fate,
  response: ServerResponse,
): Promise<void> {
  if (fate === 'request lost') return void response.destroy();
  if (fate === 'busy') {
    const error = { message: 'too many are waiting', extensions: { code: 'OVERLOADED' } };
    response.setHeader('content-type', 'application/json');
    return void response.end(JSON.stringify({ errors: [error] }));
  }
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const answered = await fetch(target, { method: 'POST', headers, body });
  const text = await answered.text();
  if (fate === 'answer lost') return void response.destroy();
  response.writeHead(answered.status, { 'content-type': 'application/json' });
  response.end(text);
}
