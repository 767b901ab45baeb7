import type { ApiParts } from '../../../api/api-parts.ts';
import { parseFilterBy, parseFilterText } from '../../../api/filter-input.ts';
import { type ListRequest, readListConnection } from '../../../api/list-connection.ts';
import type { Account } from '../account.ts';
import { currencyFault } from '../currencies.ts';
import { accountsView } from '../views.ts';
import { type AccountRefs, findAccount, toAccountAt } from './account.ts';

/** Query.account and Query.accounts. */
export function addAccountQueries({ builder }: ApiParts, { account, status }: AccountRefs): void {
  const filter = builder.inputType('AccountFilter', {
    description: 'Each member narrows.',
    fields: (t) => ({
      owner: t.string({ description: 'Exactly this owner.' }),
      currency: t.string({ description: 'An ISO 4217 code, like "USD".' }),
      status: t.field({ type: status }),
    }),
  });
  const order = builder.enumType('AccountOrder', {
    description: 'What a list of accounts is sorted by; then by id.',
    values: {
      OPENED_AT: {},
      OWNER: {},
    },
  });
  builder.queryFields((t) => ({
    account: t.field({
      type: account,
      nullable: true,
      description: 'One account; null when there is none (yet).',
      args: { id: t.arg.id({ required: true }), asOf: t.arg({ type: 'Moment' }) },
      resolve: async (_root, { id, asOf }, context) =>
        findAccount(context, id, await context.sequenceOf(asOf)),
    }),
    accounts: t.connection(
      {
        type: account,
        description: `Accounts as they stood at the moment. A cursor goes with its order and filter.`,
        args: {
          filter: t.arg({ type: filter }),
          orderBy: t.arg({ type: order, defaultValue: 'OPENED_AT' }),
          descending: t.arg.boolean({ defaultValue: false }),
          asOf: t.arg({ type: 'Moment' }),
        },
        resolve: async (
          _root,
          { filter: wanted, orderBy, descending, asOf, ...paging },
          context,
        ) => {
          const at = await context.sequenceOf(asOf);
          const request = toRequest(orderBy ?? 'OPENED_AT', wanted ?? {}, at);
          const list = { ...request, descending: descending ?? false };
          return readListConnection(context, list, paging, toAccountAt);
        },
      },
      { name: 'AccountConnection' },
      { name: 'AccountEdge' },
    ),
  }));
}

interface AccountFilter {
  readonly owner?: string | null | undefined;
  readonly currency?: string | null | undefined;
  readonly status?: Account['status'] | null | undefined;
}

function toRequest(
  list: 'OPENED_AT' | 'OWNER',
  { owner, currency, status }: AccountFilter,
  at: number,
): ListRequest<Account> {
  const filter = {
    owner: parseFilterText('owner', owner),
    currency: parseFilterBy(currencyFault, currency),
    status,
  };
  return { view: accountsView, list, filter, at };
}
