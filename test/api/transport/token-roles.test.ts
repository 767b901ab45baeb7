import type { JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { rolesOf } from '../../../src/api/transport/token-roles.ts';

test.each<[string, JWTPayload, string, readonly string[]]>([
  ['none', {}, 'roles', ['CUSTOMER']],
  ['Entra', { roles: ['OPERATOR', 'Task.Read'] }, 'roles', ['OPERATOR']],
  ['a string', { roles: 'AUDITOR  OPERATOR' }, 'roles', ['OPERATOR', 'AUDITOR']],
  ['a scope', { scope: 'openid daybook:MARKET' }, 'scope', ['MARKET']],
  ['Keycloak', { realm_access: { roles: ['ADMIN'] } }, 'realm_access.roles', ['ADMIN']],
  [
    'a client of Keycloak',
    { resource_access: { 'day.book': { roles: ['MARKET'] } } },
    'resource_access.day.book.roles',
    ['MARKET'],
  ],
  ['Auth0', { 'https://a.example/roles': ['ADMIN'] }, 'https://a.example/roles', ['ADMIN']],
  ['Cognito', { 'cognito:groups': ['daybook:ADMIN'] }, 'cognito:groups', ['ADMIN']],
  ['several, twice', { roles: ['ADMIN', 'CUSTOMER', 'ADMIN'] }, 'roles', ['CUSTOMER', 'ADMIN']],
  ['names of other programs', { roles: ['admin', 'operator', 'x:ADMIN'] }, 'roles', ['CUSTOMER']],
  ['names of objects', { roles: ['constructor', '__proto__'] }, 'roles', ['CUSTOMER']],
  ['an inherited claim', {}, 'constructor.name', ['CUSTOMER']],
  ['not strings', { roles: [{ name: 'ADMIN' }, ['ADMIN'], 7, null] }, 'roles', ['CUSTOMER']],
  ['an object', { roles: { ADMIN: true } }, 'roles', ['CUSTOMER']],
  ['a path through a list', { a: [{ roles: ['ADMIN'] }] }, 'a.0.roles', ['CUSTOMER']],
])('roles are read from a token with %s', (_name, payload, claim, roles) => {
  expect(rolesOf(payload, claim)).toEqual(roles);
});
