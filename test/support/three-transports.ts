import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import type { Answer } from './server.ts';

/** What a client gets for an operation. */
export type Reply = Pick<Answer<Record<string, unknown> | null>, 'data' | 'errors'>;
type Headers = Readonly<Record<string, string>>;

/** An operation, and the server to which it is sent. */
interface Sent {
  readonly url: string;
  readonly query: string;
  readonly variables: object;
  readonly headers: Headers;
}

export type Send = (sent: Sent) => Promise<Reply>;

const overHttp: Send = async ({ url, query, variables, headers }) => {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Reply;
};

/** The first frame of an event stream, which is the answer of a query or mutation. */
const overSse: Send = async ({ url, query, variables, headers }) => {
  const aborting = new AbortController();
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json', accept: 'text/event-stream' },
    body: JSON.stringify({ query, variables }),
    signal: aborting.signal,
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (/^data: \{.*\}$/m.test(text)) break;
  }
  aborting.abort();
  return JSON.parse(/^data: (\{.*\})$/m.exec(text)?.[1] ?? text);
};

const overWebSocket: Send = ({ url, query, variables, headers }) =>
  new Promise((resolve, reject) => {
    const client = createClient({
      url: `${url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: headers,
      retryAttempts: 0,
    });
    const finish = (reply: object): void => {
      resolve(reply as Reply);
      void client.dispose();
    };
    client.subscribe(
      { query, variables: { ...variables } },
      {
        next: (answer) => finish(answer),
        error: (error) => (Array.isArray(error) ? finish({ errors: error }) : reject(error)),
        complete: () => reject(new Error('completed without an answer')),
      },
    );
  });

/** Three ways to send an operation; each answers with its first answer. */
export const transports: Readonly<Record<string, Send>> = {
  HTTP: overHttp,
  'server-sent events': overSse,
  WebSocket: overWebSocket,
};
