import {
  type ActorLimits,
  defaultActorLimits,
  type RoleLimits,
} from './api/transport/actor-limits.ts';
import { allRoles } from './kernel/role.ts';
import { type GetSetting, type SettingFault, toVariable, toWhole } from './whole-settings.ts';

const prefix = 'DAYBOOK_';
const unlimited = 'unlimited';
const limitMax = 1_000_000_000;
const burstName = 'DAYBOOK_BURST_SECONDS';
const burstSecondsMax = 3_600;

/**
 * Reads the limits of actors. `DAYBOOK_COMMANDS_PER_SECOND` is the limit of every role, and
 * `DAYBOOK_COMMANDS_PER_SECOND_MARKET` that of one role; a limit can be `unlimited`. Returns the
 * first fault, if there is one.
 */
export function readActorLimits(get: GetSetting): ActorLimits | SettingFault {
  const byRole: Record<string, RoleLimits> = {};
  for (const role of allRoles) {
    const defaults = defaultActorLimits.byRole[role];
    const read: Record<string, number> = {};
    for (const key of Object.keys(defaults)) {
      const forAll = toVariable(prefix, key);
      const forRole = `${forAll}_${role}`;
      const name = get(forRole) === undefined ? forAll : forRole;
      const text = get(name);
      if (text === undefined) continue;
      const value = text === unlimited ? Number.POSITIVE_INFINITY : toWhole(text, [1, limitMax]);
      if (value === null) return { name, text, range: `1 to ${limitMax}, or ${unlimited}` };
      read[key] = value;
    }
    byRole[role] = { ...defaults, ...read };
  }
  const text = get(burstName) ?? String(defaultActorLimits.burstSeconds);
  const burstSeconds = toWhole(text, [1, burstSecondsMax]);
  if (burstSeconds === null) return { name: burstName, text, range: `1 to ${burstSecondsMax}` };
  return { byRole: byRole as ActorLimits['byRole'], burstSeconds };
}
