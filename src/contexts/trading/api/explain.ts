import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { type CommandAt, recordsOfEvents } from '../../../api/command-reads.ts';
import { badInput } from '../../../api/errors.ts';
import { type EventAt, eventAt } from '../../../api/event-types.ts';
import { enumTypeOf } from '../../../api/field-types.ts';
import { parseFilterBy } from '../../../api/filter-input.ts';
import { parseId } from '../../../api/input.ts';
import type { Connection, PagingArgs } from '../../../api/paging.ts';
import type { RequestContext } from '../../../api/request-context.ts';
import { access } from '../../../api/root-access.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { baseSequenceOf, type ReadPoint } from '../../../views/read-point.ts';
import { findAccount } from '../../accounts/api/account.ts';
import { symbolFault } from '../../market/symbol.ts';
import type { Contribution } from '../explain/contributions.ts';
import { type FigureName, figureEnum, figureRuleOf } from '../explain/figures.ts';
import { readContributions, readHolder } from './read-contributions.ts';

/** A contribution as the actor may see it. */
interface ShownContribution extends Omit<Contribution, 'event'> {
  readonly event: EventAt;
  readonly command: () => Promise<CommandAt | null>;
}

interface Explanation {
  readonly value: string;
  readonly at: number;
  readonly contributions: Connection<ShownContribution>;
}

/** Adds Query.explain. */
export function addExplain(parts: ApiParts): void {
  const { builder } = parts;
  const explanation = addExplanation(parts);
  builder.queryField('explain', (t) =>
    t.field({
      extensions: access('ACCOUNTS'),
      type: explanation,
      nullable: true,
      description: oneLine`Explains a figure of an account, as of a moment: returns the events that
        add up to it. Null if the account did not exist then, or if the actor may not see it now.`,
      args: {
        accountId: t.arg.id({ required: true, description: 'The id of the account, a UUID.' }),
        figure: t.arg({
          type: enumTypeOf(builder, figureEnum),
          required: true,
          description: 'The figure to explain.',
        }),
        symbol: t.arg.id({
          description: oneLine`The symbol of the instrument, in upper case. BALANCE has none;
            QUANTITY and AVERAGE_COST need one.`,
        }),
        ...t.arg.connectionArgs(),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { accountId, figure, symbol, asOf, ...paging }, context) => {
        const at = await context.readPointOf(asOf);
        const wanted = { figure, symbol: parseFilterBy('symbol', symbolFault, symbol) ?? null };
        return explain(
          context,
          { accountId: parseId('accountId', accountId), ...wanted },
          paging,
          at,
        );
      },
    }),
  );
}

function addExplanation({ builder, event, commandRecord }: ApiParts) {
  const contribution = builder.objectRef<ShownContribution>('Contribution').implement({
    description: 'What an event has added to a figure.',
    fields: (t) => ({
      event: t.expose('event', { type: event, description: 'The event.' }),
      command: t.field({
        type: commandRecord,
        nullable: true,
        description: oneLine`The command that recorded the event. Its causationId is the event that
          caused it. Null if the command has no record, or unless the reader is OPERATOR, AUDITOR
          or ADMIN.`,
        resolve: ({ command }) => command(),
      }),
      amount: t.expose('amount', {
        type: 'Decimal',
        description: 'What the event has added to the figure: after less before. It is never 0.',
      }),
      before: t.expose('before', {
        type: 'Decimal',
        description: 'The figure right before the event.',
      }),
      after: t.expose('after', {
        type: 'Decimal',
        description: 'The figure right after the event.',
      }),
    }),
  });
  const edge = builder.edgeObject({ name: 'ContributionEdge', type: contribution });
  const connection = builder.connectionObject(
    {
      name: 'ContributionConnection',
      type: contribution,
      description: oneLine`A page of contributions, in the order of their events. Its cursors are
        sequence numbers. A page may be shorter than requested, even empty, although there are more
        contributions: continue after endCursor while hasNextPage is true. With \`last\`, continue
        before startCursor while hasPreviousPage is true.`,
    },
    edge,
  );
  return builder.objectRef<Explanation>('Explanation').implement({
    description: oneLine`A figure of an account, and the events that add up to it: the sum of the
      amounts of all contributions is the value, exactly.`,
    fields: (t) => ({
      value: t.expose('value', { type: 'Decimal', description: 'The figure.' }),
      at: t.expose('at', {
        type: 'Sequence',
        description: 'The sequence number at which the figure was read.',
      }),
      contributions: t.expose('contributions', {
        type: connection,
        description: 'A page of the events that have changed the figure.',
      }),
    }),
  });
}

interface Wanted {
  readonly accountId: string;
  readonly figure: FigureName;
  readonly symbol: string | null;
}

async function explain(
  context: RequestContext,
  { accountId, figure, symbol }: Wanted,
  paging: PagingArgs,
  at: ReadPoint,
): Promise<Explanation | null> {
  const found = await findAccount(context, accountId, at);
  if (found === null) return null;
  const { account } = found;
  const rule = figureRuleOf(figure, symbol, account.currency) ?? badFigure(figure, symbol);
  const figureAt = { rule, account, at };
  const holder = rule.isOfPositions
    ? readHolder(context, figureAt, at)
    : { account, positions: new Map() };
  const [value, contributions] = await Promise.all([
    Promise.resolve(holder).then(rule.valueOf),
    readContributions(context, figureAt, paging),
  ]);
  return {
    value,
    at: baseSequenceOf(at),
    contributions: await show(context, contributions, at),
  };
}

function badFigure(figure: FigureName, symbol: string | null): never {
  const rule =
    symbol === null
      ? `${figure} is a figure of a position: give its symbol`
      : `${figure} is a figure of the account: omit the symbol`;
  return badInput(rule, 'symbol');
}

/** The contributions as the actor, who may see the account, may see them. */
async function show(
  context: RequestContext,
  { edges, pageInfo }: Connection<Contribution>,
  at: ReadPoint,
): Promise<Connection<ShownContribution>> {
  const events = edges.map(({ node }) => node.event);
  const shown = new Map((await context.visibility.events(events)).map((one) => [one.id, one]));
  const recordOf = recordsOfEvents(context, events, at);
  return {
    edges: edges.flatMap(({ cursor, node: { event, amount, before, after } }) => {
      const visible = shown.get(event.id);
      if (visible === undefined) return [];
      const command = () => recordOf(event.commandId);
      return [{ cursor, node: { event: eventAt(visible, at), command, amount, before, after } }];
    }),
    pageInfo,
  };
}
