import type { ApiClient } from '../import/api-client.ts';
import { OtherDataError } from './errors.ts';
import { founder } from './traders.ts';
import { waitForViews } from './wait-for-views.ts';

const firstEvent = `query First {
  event(sequence: "1") { streamId }
}`;

/**
 * Throws `OtherDataError` when the log has begun with anything but the demo's own first account.
 * What was recorded in a demo by its user is no reason: that is what a demo is for.
 */
export async function assertOwnLog(client: ApiClient, database: string): Promise<void> {
  // A server that has just begun may not show yet what its log has.
  await waitForViews(client);
  type Data = { readonly event: { readonly streamId: string } | null };
  const { data } = await client.send<Data>(firstEvent, {});
  if (data.event === null || data.event.streamId === `account-${founder.accountId}`) return;
  throw new OtherDataError(
    `PostgreSQL ${database} holds data that is not the demo's: give the demo a database or ` +
      'DAYBOOK_DATA_DIR of its own, or let it trade there all the same with --among-other-data',
  );
}
