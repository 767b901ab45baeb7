import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';

export interface ReceivedRequest {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
  readonly extensions?: unknown;
  readonly operationName?: string;
  readonly headers: IncomingHttpHeaders;
}

/** What the server does with a request. */
export type Turn =
  | { readonly status?: number; readonly headers?: Record<string, string>; readonly body: unknown }
  | 'lost'
  | 'torn'
  | 'silent';

/** A server that answers each request as a test says. */
export interface ScriptedServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly ReceivedRequest[];
}

/** Answers with the turns, one after the other; the last one is repeated. */
export async function startScriptedServer(
  ...script: readonly (Turn | ((request: ReceivedRequest) => Turn))[]
): Promise<ScriptedServer> {
  const received: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    const text = await new Response(request as never).text();
    const sent = { ...(JSON.parse(text) as ReceivedRequest), headers: request.headers };
    const turn = script[Math.min(received.length, script.length - 1)] ?? 'lost';
    received.push(sent);
    answer(response, typeof turn === 'function' ? turn(sent) : turn);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  return {
    url: `http://127.0.0.1:${port}/graphql`,
    received,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function answer(response: ServerResponse, turn: Turn): void {
  if (turn === 'silent') return;
  if (turn === 'lost') return void response.destroy();
  if (turn === 'torn') {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"data":', () => response.destroy());
    return;
  }
  const { status = 200, headers = {}, body } = turn;
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
