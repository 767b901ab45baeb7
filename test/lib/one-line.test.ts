import { expect, test } from 'vitest';
import { oneLine } from '../../src/lib/one-line.ts';

test('a wrapped template becomes one line with its values', () => {
  const most = 5;
  expect(oneLine`At most ${most}
    \`levels\`.`).toBe('At most 5 `levels`.');
  expect(oneLine`${most}${'  a'}`).toBe('5 a');
});
