import { SignJWT } from 'jose';
import type { AuthenticationSettings } from './authentication.ts';

/** A token cannot be issued: no secret is set, or the number of hours is not valid. */
class TokenError extends Error {
  readonly code = 'NO_TOKEN';
}

/** Issues a signed token that makes its bearer the given actor for some hours. */
export async function issueToken(
  settings: AuthenticationSettings,
  actor: string,
  hours: number,
): Promise<string> {
  if (settings === null || !('secret' in settings.jwt)) {
    throw new TokenError('DAYBOOK_JWT_SECRET is not set: it is required to sign a token');
  }
  if (!(Number.isFinite(hours) && hours > 0)) {
    throw new TokenError('--hours must be a number greater than 0');
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
