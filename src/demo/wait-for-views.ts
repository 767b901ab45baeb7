import type { ApiClient } from '../import/api-client.ts';
import { fromEpochMs } from '../lib/date-time.ts';

const query = 'query Wait($now: Moment!) { log(asOf: $now) { sequence } }';

/** Until all that has been recorded so far can be read: a moment is answered when the views are there. */
export async function waitForViews(client: ApiClient): Promise<void> {
  await client.send(query, { now: fromEpochMs(Date.now()) });
}
