import { expect, test } from 'vitest';
import { createViews, type ViewsOptions } from '../../../src/views/views.ts';
import { walletsView } from '../../support/wallets.ts';

/** Views that are never started, so they need no database. */
function createOf(filterCount: number) {
  const names = Array.from({ length: filterCount }, (_, index) => `filter ${index}`);
  const filters = Object.fromEntries(names.map((name) => [name, () => '']));
  const view = { ...walletsView, lists: { SUM: { position: () => '', filters } } };
  return createViews({ views: [walletsView, view] } as unknown as ViewsOptions);
}

test('a list with more than four filters is an error that names the list and its view', () => {
  expect(() => createOf(5)).toThrow('the list SUM of the view wallets has 5 filters');
});

test('a list with four filters is accepted', () => {
  expect(() => createOf(4)).not.toThrow();
});
