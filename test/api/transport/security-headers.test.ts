import { expect, test } from 'vitest';
import { startServer } from './test-server.ts';

const json = { 'content-type': 'application/json' };
const post = (query: string, headers = {}) => ({
  method: 'POST',
  headers: { ...json, ...headers },
  body: JSON.stringify({ query }),
});

const answers: readonly (readonly [what: string, path: string, init: RequestInit])[] = [
  ['a query', '/graphql', post('{ hello }')],
  ['a large answer', '/graphql', post(`{ hello(name: "${'x'.repeat(3_000)}") }`)],
  ['an error of a document', '/graphql', post('{')],
  ['an event stream', '/graphql', post('{ hello }', { accept: 'text/event-stream' })],
  ['a preflight', '/graphql', { method: 'OPTIONS' }],
  ['a refused method', '/graphql', { method: 'PUT' }],
  ['a redirect', '/', { redirect: 'manual' }],
  ['a health check', '/health/live', {}],
  ['an unknown path', '/nothing', {}],
  ['a body that is too large', '/graphql', post('x'.repeat(300_000))],
  ['the page', '/graphql', { headers: { accept: 'text/html' } }],
];

test.each(answers)('%s restricts what browsers do with it', async (what, path, init) => {
  await using tested = await startServer();
  const { headers } = await fetch(new URL(path, tested.url), init);
  expect(headers.get('x-content-type-options')).toBe('nosniff');
  expect(headers.get('x-frame-options')).toBe('DENY');
  expect(headers.get('referrer-policy')).toBe('no-referrer');
  expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  const policy = headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy.includes('script-src')).toBe(what === 'the page');
  expect(policy).not.toMatch(/script-src[^;]*(?:unsafe|\*|https?:)/);
});

test('https is required of browsers that came by it, and of no others', async () => {
  await using tested = await startServer();
  const strict = 'strict-transport-security';
  expect((await fetch(tested.url, post('{ hello }'))).headers.get(strict)).toBeNull();
  for (const accept of ['application/json', 'text/event-stream']) {
    const init = post('{ hello }', { accept, 'x-forwarded-proto': 'https' });
    const response = await fetch(tested.url, init);
    expect(response.headers.get(strict)).toBe('max-age=15552000');
    await response.text();
  }
});

test('a page without GraphiQL may run no script', async () => {
  await using tested = await startServer({ graphiql: false });
  const page = await fetch(tested.url, { headers: { accept: 'text/html' } });
  expect(page.headers.get('content-security-policy')).not.toContain('script-src');
});
