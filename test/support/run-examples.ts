import type { Example } from '../../src/api/transport/graphiql.ts';
import { subscribe } from './live.ts';

/** The result of a tab: the data of a query or mutation, or a subscription's first frame. */
export type Shown = Readonly<Record<string, unknown>>;

/** Runs a tab as GraphiQL does; throws if the answer has errors. */
export async function runExample(url: string, { query, variables }: Example): Promise<Shown> {
  if (query.startsWith('subscription')) {
    const live = subscribe<Shown>(url, query, variables);
    await live.until((frames) => frames.length > 0);
    await live.cut();
    return live.frames[0] ?? {};
  }
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Shown; errors?: unknown };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}
