import type { ApiClient } from '../import/api-client.ts';
import { OtherDataError } from './errors.ts';
import { founder } from './traders.ts';
import { waitForViews } from './wait-for-views.ts';

const firstEvent = `query First {
  event(sequence: "1") { streamId }
}`;

/**
 * Throws `OtherDataError` if the log begins with anything other than the demo's first account. Data
 * that a user has added to a demo later is allowed.
 */
export async function assertOwnLog(client: ApiClient, database: string): Promise<void> {
  // The views of a server that has just started may be behind its log.
  await waitForViews(client);
  type Data = { readonly event: { readonly streamId: string } | null };
  const { data } = await client.send<Data>(firstEvent, {});
  if (data.event === null || data.event.streamId === `account-${founder.accountId}`) return;
  throw new OtherDataError(
    `PostgreSQL ${database} contains data that is not from the demo: set DATABASE_URL or ` +
      'DAYBOOK_DATA_DIR to a separate database, or trade there anyway with --among-other-data',
  );
}
