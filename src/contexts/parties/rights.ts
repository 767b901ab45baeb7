import { mayOwn } from '../../access/account-access.ts';
import { forbidden } from '../../access/command-rights.ts';
import { maySeeLog } from '../../access/log-access.ts';
import type { Right } from '../../kernel/command.ts';
import { type Caller, hasRole } from '../../kernel/role.ts';

/** The right to a command about a person: about oneself, or as an operator about anyone. */
export const ownRight: Right<{ readonly personId: string }> = {
  holders: 'a CUSTOMER who is the person, and OPERATOR',
  assert({ personId }, { caller }) {
    // The same for every other person, so that it says nothing about who is registered.
    if (!hasRole(caller, 'OPERATOR') && !isPerson(caller, personId)) throw forbidden(caller);
  },
};

/** Whether the caller may see a person without seeing one of the person's accounts. */
export function maySeePerson(caller: Caller, personId: string): boolean {
  return maySeeLog(caller) || isPerson(caller, personId);
}

function isPerson(caller: Caller, personId: string): boolean {
  return mayOwn(caller) && caller.actor === personId;
}
