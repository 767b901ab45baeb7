import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createActorLimiter } from '../../../src/api/transport/actor-limiter.ts';
import { defaultActorLimits } from '../../../src/api/transport/actor-limits.ts';
import { defaultLimits } from '../../../src/api/transport/limits.ts';
import { createOperations } from '../../../src/api/transport/operation.ts';
import { createTurns } from '../../../src/api/transport/turns.ts';
import { silentLogger } from '../../support/silent-logger.ts';

const framesMax = 50_000;

/** A subscription whose next frame is always ready, as in the replay of a log in memory. */
async function* flood(): AsyncGenerator<{ flood: string }> {
  for (let count = 0; count < framesMax; count += 1) yield { flood: String(count) };
}

const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { flood: { type: GraphQLString, subscribe: flood } },
  }),
});

describe('turns', () => {
  it('let other work run while frames are made without a pause', async () => {
    const operations = createOperations({
      schema,
      createContext: () => ({ extensions: () => undefined }),
      limits: defaultLimits,
      limiter: createActorLimiter(defaultActorLimits),
      log: silentLogger,
    });
    const abort = new AbortController();
    const prepared = await operations.prepare(
      { query: 'subscription { flood }' },
      { actor: 'ada', roles: ['CUSTOMER'], transport: 'sse', abort },
    );
    if (!('kind' in prepared)) throw new Error('it is not valid');
    const frames = await operations.subscribe(prepared);
    if (!('next' in frames)) throw new Error('it has not started');
    let made = 0;
    setImmediate(() => setImmediate(() => abort.abort()));
    for await (const _frame of frames) made += 1;
    expect(made).toBeGreaterThan(0);
    expect(made).toBeLessThan(framesMax);
  });

  it('alternate between actors, however many frames one actor needs', async () => {
    const turns = createTurns(0);
    const order: string[] = [];
    const wants = ['ada', 'ada', 'ada', 'ada', 'grace', 'grace'].map(async (actor) => {
      await turns.next(actor);
      order.push(actor);
    });
    await Promise.all(wants);
    expect(order).toEqual(['ada', 'grace', 'ada', 'grace', 'ada', 'ada']);
  });

  it('are granted at once while there is time left', () => {
    const turns = createTurns(60_000);
    expect(Array.from({ length: 1_000 }, () => turns.next('ada')).every((turn) => !turn)).toBe(
      true,
    );
  });
});
