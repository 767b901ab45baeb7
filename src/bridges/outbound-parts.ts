import type { Feed } from '../feed/feed.ts';
import type { BoundedContext } from '../kernel/context.ts';
import type { Log } from '../log/log.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import type { Views } from '../views/views.ts';
import type { Secrets } from './targets/secrets.ts';

/** The parts from which the bridges of a configuration are made. */
export interface OutboundParts {
  readonly contexts: readonly BoundedContext[];
  readonly log: Log;
  readonly feed: Feed;
  readonly views: Views;
  /** What opens personal texts: a target gets them as plain text. */
  readonly keys: Pick<KeyRing, 'openMembers'>;
  readonly ledger: string;
  /** The last head of the log that this process has signed, as a line; null if there is none. */
  readonly signedHead: () => string | null;
  readonly secret: Secrets;
}
