import { type Caller, hasRole } from '../kernel/role.ts';

/** Whether the caller may see the whole log: every event, who caused it, and the server's state. */
export function maySeeLog(caller: Caller): boolean {
  return hasRole(caller, 'OPERATOR', 'AUDITOR', 'ADMIN');
}
