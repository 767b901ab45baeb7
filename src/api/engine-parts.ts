import type { Bridges } from '../bridges/bridges.ts';
import type { Processor } from '../commands/processor.ts';
import type { Consumers } from '../consumers/consumers.ts';
import type { Feed } from '../feed/feed.ts';
import type { Log } from '../log/log.ts';
import type { KeyRing } from '../personal/key-ring.ts';
import type { ProofParts } from '../proof/proof-parts.ts';
import type { Rebuilds } from '../rebuild/rebuilds.ts';
import type { Views } from '../views/views.ts';
import type { Watcher } from '../views/watching/watcher.ts';
import type { Answered } from './answered.ts';
import type { ClientReads } from './client-reads.ts';
import type { AccessParts } from './visibility.ts';

/** The parts of the engine that the API uses. */
export interface EngineParts {
  readonly log: Log;
  readonly processor: Processor;
  readonly feed: Feed;
  /** The views for watchers. */
  readonly views: Views;
  readonly reads: ClientReads;
  readonly watcher: Watcher;
  readonly consumers: Consumers;
  readonly bridges: Bridges;
  readonly rebuilds: Rebuilds;
  /** What says who may see an account and an event. */
  readonly access: AccessParts;
  readonly proof: ProofParts;
  /** What opens personal texts. */
  readonly keys: KeyRing;
  /** The sequence numbers returned to each actor, shared by all transports. */
  readonly answered: Answered;
}
