import { expect, test } from 'vitest';
import type { EngineParts } from '../../src/api/engine-parts.ts';
import { createRequestContext } from '../../src/api/request-context.ts';

test('the signal of an operation is created only when it is read', () => {
  let made = 0;
  const context = createRequestContext({ feed: { history: () => 1 } } as EngineParts, {
    actor: 'ann',
    roles: ['CUSTOMER'],
    transport: 'http',
    minSequence: null,
    correlationId: null,
    get signal() {
      made += 1;
      return new AbortController().signal;
    },
  });
  expect(made).toBe(0);
  expect(context.signal.aborted).toBe(false);
  expect(made).toBe(1);
});
