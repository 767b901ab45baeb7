/** Sends GraphQL requests that are not measured, for set-up and for waiting. */
export interface Client {
  /** Throws if the status is not 200 or the answer lacks the expected text. */
  post(body: string, expected: string): Promise<string>;
  /** Posts the bodies in any order, up to 32 at a time. */
  postAll(bodies: readonly string[], expected: string): Promise<void>;
  /** Waits until the views show the sequence; returns the milliseconds that this took. */
  waitForViews(sequence: number): Promise<number>;
}

const atOnce = 32;
const viewsTimeoutMs = 180_000;

export function createClient(port: number): Client {
  async function send(body: string, headers: Record<string, string> = {}): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
      body,
    });
    return `${response.status} ${await response.text()}`;
  }

  async function post(body: string, expected: string): Promise<string> {
    const answer = await send(body);
    const isGood = answer.startsWith('200 ') && answer.includes(expected);
    if (!isGood) throw new Error(`expected ${expected} in the answer to ${body}, got ${answer}`);
    return answer;
  }

  return {
    post,
    async postAll(bodies, expected) {
      const rest = bodies.values();
      async function work(): Promise<void> {
        for (const body of rest) await post(body, expected);
      }
      await Promise.all(Array.from({ length: atOnce }, work));
    },
    async waitForViews(sequence) {
      const startedAt = performance.now();
      const body = JSON.stringify({ query: '{ log { sequence } }' });
      const headers = { 'daybook-min-sequence': String(sequence) };
      while (performance.now() < startedAt + viewsTimeoutMs) {
        const answer = await send(body, headers);
        if (answer.startsWith('200 ') && !answer.includes('"errors"')) {
          return performance.now() - startedAt;
        }
        if (!answer.includes('SEQUENCE_NOT_REACHED')) throw new Error(answer);
      }
      throw new Error(`the views did not reach sequence ${sequence} within ${viewsTimeoutMs} ms`);
    },
  };
}
