import { parse } from 'graphql';
import { expect, test } from 'vitest';
import { rootDirectiveFault } from '../../../src/api/transport/root-directives.ts';
import { post, startServer } from './test-server.ts';

test.each([
  'subscription { silence @skip(if: true) }',
  'subscription S($if: Boolean!) { silence @include(if: $if) }',
  'subscription { ... @include(if: false) { silence } }',
  'subscription { ... on Subscription { ...F @skip(if: true) } } fragment F on Subscription { silence }',
  'subscription { ...F } fragment F on Subscription { silence @skip(if: false) }',
  'query Q { hello } subscription S { silence @skip(if: false) }',
])('%s is refused', (source) => {
  expect(rootDirectiveFault(parse(source))).toMatchObject({
    message: expect.stringMatching(
      /^@(skip|include) cannot be used on the root field of a subscription/,
    ),
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED' },
  });
});

test.each([
  'query Q($if: Boolean!) { hello @include(if: $if) }',
  'subscription { live { a @skip(if: true) } }',
  'subscription { ...F } fragment F on Subscription { live { a @skip(if: true) ...F } }',
  'subscription { ...F } fragment F on Subscription { ...G } fragment G on Subscription { ...F }',
  'subscription { ...Unknown }',
])('%s is not refused', (source) => {
  expect(rootDirectiveFault(parse(source))).toBeNull();
});

test('a subscription that may have no root field is a typed error, not an internal one', async () => {
  await using tested = await startServer();
  const query = 'subscription S($if: Boolean!) { silence @include(if: $if) }';
  const accept = { accept: 'text/event-stream' };
  const answer = await post(tested.url, { query, variables: { if: false } }, accept);
  expect(answer).toMatchObject({
    status: 400,
    body: { errors: [{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] },
  });
  expect(tested.probe.logged).toEqual([]);
});
