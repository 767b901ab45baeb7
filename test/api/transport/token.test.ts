import { expect, test } from 'vitest';
import { createAuthentication } from '../../../src/api/transport/authentication.ts';
import { issueToken } from '../../../src/api/transport/token.ts';

const secret = 'a secret of at least thirty-two characters';

test('an issued token makes its bearer the actor', async () => {
  const settings = { jwt: { secret, issuer: 'here', audience: 'there' } };
  const token = await issueToken(settings, 'ada', 1);
  const authenticate = await createAuthentication(settings);
  expect(await authenticate(`Bearer ${token}`)).toMatchObject({ actor: 'ada' });
});

test('without a secret, or for no time, there is no token', async () => {
  await expect(issueToken(null, 'ada', 1)).rejects.toMatchObject({ code: 'NO_TOKEN' });
  await expect(issueToken({ jwt: { secret } }, 'ada', 0)).rejects.toMatchObject({
    code: 'NO_TOKEN',
  });
});
