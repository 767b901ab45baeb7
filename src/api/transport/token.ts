import { SignJWT } from 'jose';
import { allRoles, isRole, type Role } from '../../kernel/role.ts';
import type { AuthenticationSettings } from './authentication.ts';
import { rolesClaimDefault } from './token-roles.ts';

/** A token cannot be issued: there is no secret, or the hours or the roles are not valid. */
class TokenError extends Error {
  readonly code = 'NO_TOKEN';
}

/** Reads roles that are separated by commas. Throws `TokenError`. */
export function readRoles(text = ''): readonly Role[] {
  const names = text.split(',').filter((name) => name !== '');
  return names.map((name) => {
    if (isRole(name)) return name;
    throw new TokenError(`--roles has ${name}, which is not one of ${allRoles.join(', ')}`);
  });
}

/** What a token says, and for how long. */
interface TokenContents {
  readonly actor: string;
  readonly roles: readonly Role[];
  readonly hours: number;
}

/** Issues a signed token that makes its bearer the given actor, with the roles, for some hours. */
export async function issueToken(
  settings: AuthenticationSettings,
  { actor, roles, hours }: TokenContents,
): Promise<string> {
  if (settings === null || !('secret' in settings.jwt)) {
    throw new TokenError('DAYBOOK_JWT_SECRET is not set: it is required to sign a token');
  }
  if (!(Number.isFinite(hours) && hours > 0)) {
    throw new TokenError('--hours must be a number greater than 0');
  }
  const { secret, issuer, audience, rolesClaim = rolesClaimDefault } = settings.jwt;
  const token = new SignJWT(roles.length === 0 ? {} : { [rolesClaim]: roles })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(actor)
    .setIssuedAt()
    .setExpirationTime(`${Math.ceil(hours * 3600)} seconds`);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
