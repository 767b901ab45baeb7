import { mayOwn, mayView, mayViewAll } from '../access/account-access.ts';
import { type ShownEvent, showEvent, shownData } from '../access/event-access.ts';
import { maySeeLog } from '../access/log-access.ts';
import type { CommandResult } from '../commands/request.ts';
import { foldStream } from '../commands/streams/fold-stream.ts';
import type { AccountRights, RightsSource } from '../kernel/account-rights.ts';
import type { StoredEvent } from '../kernel/event.ts';
import type { EventAudience } from '../kernel/event-definition.ts';
import type { PendingEvent } from '../kernel/log.ts';
import type { Caller } from '../kernel/role.ts';
import type { Log } from '../log/log.ts';
import type { NotedReads } from './noted-reads.ts';

/** What says who may see an account and an event. */
export interface AccessParts {
  /** Null if no context has accounts. */
  readonly rights: RightsSource | null;
  readonly audienceOf: (eventType: string) => EventAudience;
}

/** What the caller of an operation may see. It follows the rights of now, at every moment read. */
export interface Visibility {
  readonly caller: Caller;
  /** Whether the caller may see all accounts; then nothing else needs to be asked about them. */
  readonly ofAll: boolean;
  mayView(accountId: string): Promise<boolean>;
  /** Notes that the answer depends on rights, although nothing was found to ask about. */
  note(): void;
  /** Whether the caller may see an account whose rights are known. */
  admits(account: AccountRights): boolean;
  /**
   * The actor of the caller, who may see the accounts that it owns and those to which it was let
   * in. Null if its roles let it see none. Only for callers without `ofAll`.
   */
  viewer(): string | null;
  /** The sequence number at which rights are read. */
  now(): Promise<number>;
  /** The events that the caller may see, as it may see them. */
  events(events: readonly StoredEvent[]): Promise<readonly ShownEvent[]>;
  /** The proposed events of a dry run that the caller may see, as it may see them. */
  proposed(events: readonly PendingEvent[]): Promise<readonly PendingEvent[]>;
  /** The events that the caller may see, unchanged, with what only other callers may see. */
  filter(events: readonly StoredEvent[]): Promise<readonly StoredEvent[]>;
  /** Decides on the states right after a command from now on. */
  after(result: CommandResult): void;
  /** Whether the answer depends on rights, which can change. */
  wasAsked(): boolean;
}

interface VisibilityParts extends AccessParts {
  readonly caller: Caller;
  readonly log: Log;
  readonly views: NotedReads['views'];
  /** The sequence number at which rights are read. */
  readonly now: () => Promise<number>;
}

export function createVisibility(parts: VisibilityParts): Visibility {
  const { caller, audienceOf } = parts;
  const ofAll = mayViewAll(caller);
  let known = new Map<string, Promise<boolean>>();
  let decided: CommandResult | null = null;
  let isAsked = false;

  function mayViewAccount(accountId: string): Promise<boolean> {
    if (ofAll) return Promise.resolve(true);
    isAsked = true;
    const asked = known.get(accountId) ?? decide(accountId);
    known.set(accountId, asked);
    return asked;
  }

  async function decide(accountId: string): Promise<boolean> {
    const { rights, views, log, now } = parts;
    if (rights === null) return false;
    const account =
      (decided && (await rightsAfter(log, rights, decided, accountId))) ??
      (await views.document(rights.view, accountId, await now()))?.document;
    return account !== undefined && mayView(account, caller);
  }

  return {
    caller,
    ofAll,
    mayView: mayViewAccount,
    note() {
      if (!ofAll) isAsked = true;
    },
    admits(account) {
      if (!ofAll) isAsked = true;
      return mayView(account, caller);
    },
    viewer() {
      isAsked = true;
      return mayOwn(caller) ? caller.actor : null;
    },
    now: parts.now,
    ...createEventVisibility(caller, audienceOf, mayViewAccount),
    after(result) {
      known = new Map();
      decided = result;
    },
    wasAsked: () => isAsked,
  };
}

/** The events that a caller may see. */
function createEventVisibility(
  caller: Caller,
  audienceOf: AccessParts['audienceOf'],
  mayViewAccount: Visibility['mayView'],
): Pick<Visibility, 'events' | 'filter' | 'proposed'> {
  const showing = ({ type }: { readonly type: string }) => {
    return { caller, audience: audienceOf(type), mayView: mayViewAccount };
  };
  return {
    async events(events) {
      if (maySeeLog(caller)) return events;
      const shown = await Promise.all(events.map((event) => showEvent(event, showing(event))));
      return shown.filter((event) => event !== null);
    },
    async filter(events) {
      if (maySeeLog(caller)) return events;
      const shown = await Promise.all(events.map((event) => shownData(event, showing(event))));
      return events.filter((_, index) => shown[index] !== null);
    },
    async proposed(events) {
      if (maySeeLog(caller)) return events;
      const shown = await Promise.all(
        events.map(async (event) => {
          const data = await shownData(event, showing(event));
          return data && { ...event, data };
        }),
      );
      return shown.filter((event) => event !== null);
    },
  };
}

/** The rights to an account right after a command; null if the command has not loaded it. */
async function rightsAfter(
  log: Log,
  { decider }: RightsSource,
  { replayed, stateOf }: CommandResult,
  id: string,
): Promise<AccountRights | null> {
  if (!replayed) return stateOf(decider, id);
  // The answer is of an earlier time, but the rights are those of now.
  const { sequence } = await log.head();
  return foldStream(log, { decider, id, sequence });
}
