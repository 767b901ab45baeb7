import type { JWTPayload } from 'jose';
import { allRoles, isRole, type Role } from '../../kernel/role.ts';

export const rolesClaimDefault = 'roles';

/**
 * The roles in a token, in a fixed order; CUSTOMER if it has none of ours. The claim is named
 * directly, like `cognito:groups`, or by a path, like `realm_access.roles`; a name may contain
 * dots. The claim is a list of strings, or one string with spaces between the roles. Roles of other
 * programs are ignored, and `daybook:` may stand before a role. Names are in upper case, so that
 * another program's `admin` is not ours.
 */
export function rolesOf(payload: JWTPayload, claim: string): readonly Role[] {
  const named = new Set(namesIn(claimAt(payload, claim)).map(withoutPrefix).filter(isRole));
  return named.size === 0 ? ['CUSTOMER'] : allRoles.filter((role) => named.has(role));
}

/** The member that a path leads to: at each step the shortest name that exists and leads on. */
function claimAt(value: unknown, path: string): unknown {
  if (!isObject(value)) return undefined;
  if (Object.hasOwn(value, path)) return value[path];
  for (let dot = path.indexOf('.'); dot >= 0; dot = path.indexOf('.', dot + 1)) {
    const name = path.slice(0, dot);
    const found = Object.hasOwn(value, name)
      ? claimAt(value[name], path.slice(dot + 1))
      : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function namesIn(value: unknown): readonly string[] {
  const texts = Array.isArray(value) ? value : typeof value === 'string' ? value.split(' ') : [];
  return texts.filter((text) => typeof text === 'string');
}

function withoutPrefix(name: string): string {
  return name.startsWith('daybook:') ? name.slice('daybook:'.length) : name;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
