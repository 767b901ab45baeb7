import type { ApiClient } from '../import/api-client.ts';
import { fromEpochMs } from '../lib/date-time.ts';

const query = 'query Wait($now: Moment!) { log(asOf: $now) { sequence } }';

/** Waits until everything recorded so far can be read: a query as of now waits for the views. */
export async function waitForViews(client: ApiClient): Promise<void> {
  await client.send(query, { now: fromEpochMs(Date.now()) });
}
