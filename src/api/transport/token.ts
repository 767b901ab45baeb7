import { SignJWT } from 'jose';
import type { AuthenticationSettings } from './authentication.ts';

/** There is no secret to sign with, or the wish makes no sense. */
export class TokenError extends Error {
  readonly code = 'NO_TOKEN';
}

/** A signed token that makes its bearer the given actor for some hours. */
export async function issueToken(
  settings: AuthenticationSettings,
  actor: string,
  hours: number,
): Promise<string> {
  if (settings === null || !('secret' in settings.jwt)) {
    throw new TokenError('DAYBOOK_JWT_SECRET is not set: there is nothing to sign with');
  }
  if (!(Number.isFinite(hours) && hours > 0)) {
    throw new TokenError('--hours takes a number of hours, more than zero');
  }
  const { secret, issuer, audience } = settings.jwt;
  const token = new SignJWT({})
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(actor)
    .setIssuedAt()
    .setExpirationTime(`${Math.ceil(hours * 3600)} seconds`);
  if (issuer !== undefined) token.setIssuer(issuer);
  if (audience !== undefined) token.setAudience(audience);
  return token.sign(new TextEncoder().encode(secret));
}
