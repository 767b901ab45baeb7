import { SignJWT } from 'jose';
import { expect, test } from 'vitest';
import { createAuthentication } from '../../../src/api/transport/authentication.ts';
import { issueToken } from '../../../src/api/transport/token.ts';
import { ConfigError, readConfig } from '../../../src/config.ts';
import { silentLogger } from '../../support/silent-logger.ts';

const secret = 'a secret of at least thirty-two characters';

test('an issued token makes its bearer the actor', async () => {
  const settings = { jwt: { secret, issuer: 'here', audience: 'there' } };
  const token = await issueToken(settings, { actor: 'ada', roles: [], hours: 1 });
  const authenticate = await createAuthentication(settings, silentLogger);
  expect(await authenticate(`Bearer ${token}`)).toMatchObject({ actor: 'ada' });
});

test('a token is not issued without a secret or without a lifetime', async () => {
  await expect(issueToken(null, { actor: 'ada', roles: [], hours: 1 })).rejects.toMatchObject({
    code: 'NO_TOKEN',
  });
  await expect(
    issueToken({ jwt: { secret } }, { actor: 'ada', roles: [], hours: 0 }),
  ).rejects.toMatchObject({
    code: 'NO_TOKEN',
  });
});

test('a token that never expires is refused unless a setting allows it', async () => {
  const signing = new SignJWT().setProtectedHeader({ alg: 'HS256' }).setSubject('ada');
  const authorization = `Bearer ${await signing.sign(new TextEncoder().encode(secret))}`;
  const strict = await createAuthentication({ jwt: { secret } }, silentLogger);
  await expect(strict(authorization)).rejects.toMatchObject({
    message: 'the token never expires: it must have an exp claim',
    extensions: { code: 'UNAUTHENTICATED' },
  });
  const lax = await createAuthentication({ jwt: { secret, allowsNoExpiry: true } }, silentLogger);
  expect(await lax(authorization)).toEqual({
    actor: 'ada',
    roles: ['CUSTOMER'],
    expiresAtMs: null,
  });
});

test('tokens that never expire are allowed only if the setting is true', () => {
  const environment = { DAYBOOK_JWT_SECRET: secret };
  const read = (text: string) =>
    readConfig({ ...environment, DAYBOOK_JWT_ALLOW_NO_EXPIRY: text }).authentication?.jwt;
  expect(['', 'false', 'true'].map((text) => read(text)?.allowsNoExpiry)).toEqual([
    ...[false, false, true],
  ]);
  expect(() => read('yes')).toThrow(ConfigError);
});
