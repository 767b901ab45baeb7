import { entityIdOf } from '../kernel/decider.ts';
import type { JsonObject, StoredEvent } from '../kernel/event.ts';
import type { EventAudience } from '../kernel/event-definition.ts';
import type { Caller } from '../kernel/role.ts';
import { maySeeLog } from './log-access.ts';

/** An event as a caller may see it. */
export interface ShownEvent extends Omit<StoredEvent, 'actor'> {
  /** Null if the caller may not see who sent the command. */
  readonly actor: string | null;
}

/** Who asks for an event, and what decides whether it is shown. */
interface Showing {
  readonly caller: Caller;
  readonly audience: EventAudience;
  readonly mayView: (accountId: string) => Promise<boolean>;
}

/**
 * The event as the caller may see it; null if the caller may not see it at all. A caller who may
 * not see the log sees no other actor, and of the command of another actor only its id.
 */
export async function showEvent(event: StoredEvent, showing: Showing): Promise<ShownEvent | null> {
  const { caller } = showing;
  if (maySeeLog(caller)) return event;
  const data = await shownData(event, showing);
  if (data === null) return null;
  if (event.actor === caller.actor) return { ...event, data };
  const { commandId } = event;
  return { ...event, data, actor: null, correlationId: commandId, causationId: null };
}

/** The data of an event as the caller may see it; null if the caller may not see the event. */
export async function shownData(
  event: Pick<StoredEvent, 'streamId' | 'data'>,
  { caller, audience, mayView }: Showing,
): Promise<JsonObject | null> {
  const { data } = event;
  if (audience === 'EVERYONE' || maySeeLog(caller)) return data;
  if (audience === 'LOG') return null;
  const ids = accountsOf(event, audience.accounts);
  const visible = await Promise.all(ids.map(mayView));
  if (!visible.includes(true)) return null;
  const shown: Record<string, JsonObject[string]> = { ...data };
  for (const [name, account] of Object.entries(audience.fields ?? {})) {
    if (data[name] == null) continue;
    if (!(await mayView(String(data[account])))) shown[name] = null;
  }
  return shown;
}

function accountsOf(
  { streamId, data }: Pick<StoredEvent, 'streamId' | 'data'>,
  accounts: 'STREAM' | readonly string[],
): readonly string[] {
  if (accounts === 'STREAM') return [entityIdOf(streamId)];
  return accounts.map((name) => String(data[name]));
}
