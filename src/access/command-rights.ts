import { Forbidden, type Right } from '../kernel/command.ts';
import { Rejection } from '../kernel/rejection.ts';
import { type Caller, hasRole, type Role } from '../kernel/role.ts';

/** The right of everyone with one of the roles, no matter what the command names. */
export function roleRight(...roles: readonly [Role, ...Role[]]): Right<unknown> {
  return {
    holders: `actors with the role ${roles.join(' or ')}`,
    assert(_input, { caller }) {
      if (!hasRole(caller, ...roles)) throw forbidden(caller);
    },
  };
}

/** The right to a command that the server sends itself and that is not a mutation. */
export const serverRight: Right<unknown> = { holders: 'the server itself', assert() {} };

/** The rejection of a command for something that the caller may see. */
export function forbidden({ actor }: Caller): Rejection {
  const message = `${actor} may not send this command`;
  return new Rejection(Forbidden.code, message, {}, false, true);
}

/** The same rejection, marked: the caller may not see what is said not to exist. */
export function hidden({ code, message, data }: Rejection): Rejection {
  return new Rejection(code, message, data, false, true);
}
