import type { Processor } from '../commands/processor.ts';
import type { Consumers } from '../consumers/consumers.ts';
import type { Feed } from '../feed/feed.ts';
import type { Log } from '../log/log.ts';
import type { Views } from '../views/views.ts';
import type { Watcher } from '../views/watching/watcher.ts';
import type { Answered } from './answered.ts';
import type { ClientReads } from './client-reads.ts';

/** What the API stands on. */
export interface EngineParts {
  readonly log: Log;
  readonly processor: Processor;
  readonly feed: Feed;
  /** As watchers read them. */
  readonly views: Views;
  readonly reads: ClientReads;
  readonly watcher: Watcher;
  readonly consumers: Consumers;
  /** What this process has answered each actor: one for all transports. */
  readonly answered: Answered;
}
