import type { GraphQLSchema } from 'graphql';
import { type BoundedContext, eventDefinitionsOf } from '../kernel/context.ts';
import { acceptTexts } from './accept-texts.ts';
import type { AddContextApi } from './api-parts.ts';
import { addBridgeQueries } from './bridge-queries.ts';
import { createBuilder } from './builder.ts';
import { rejectUncleanArguments } from './clean-text.ts';
import { addCommands } from './command-mutation.ts';
import { addCommandQueries } from './command-queries.ts';
import { addConsumerQueries } from './consumer-queries.ts';
import { addCorrelationQuery } from './correlation-query.ts';
import { createEventFilterParser } from './event-filter.ts';
import { addEventQueries, readEvent } from './event-queries.ts';
import { addEventSubscription } from './event-subscription.ts';
import { addEventTypes } from './event-types.ts';
import { addLiveQuery } from './live-query.ts';
import { addNodes } from './nodes.ts';
import { orderArguments } from './order-arguments.ts';
import { addRejectionTypes } from './rejection-types.ts';
import { guardRootFields } from './root-access.ts';
import { addScalars } from './scalars.ts';
import { addVerificationQuery } from './verification-query.ts';
import { addViewQueries } from './view-queries.ts';
import { addViewStatus } from './view-status.ts';
import { addViewer } from './viewer.ts';

/** A bounded context, and the function that adds its part of the API. */
export interface ApiModule {
  readonly context: BoundedContext;
  readonly addApi: AddContextApi;
}

/** Builds the schema of the log and of the given contexts. */
export function buildSchema(modules: readonly ApiModule[]): GraphQLSchema {
  const builder = createBuilder();
  addScalars(builder);
  const contexts = modules.map(({ context }) => context);
  const definitions = eventDefinitionsOf(contexts);
  const nodes = addNodes(builder);
  const { event, typenameOf, eventType } = addEventTypes(builder, definitions, nodes);
  const parseFilter = createEventFilterParser(contexts);
  const events = addEventQueries(builder, { event, eventType }, parseFilter);
  nodes.register(async (key, at, context) => {
    const found = await readEvent(context, key, at);
    return found && { ...found, typename: typenameOf(found) };
  });
  addEventSubscription(builder, event, events);
  addLiveQuery(builder);
  const role = addViewer(builder);
  const commandRecord = addCommandQueries(builder, { event, role });
  addCorrelationQuery(builder, { event, commandRecord });
  addViewQueries(builder);
  addConsumerQueries(builder);
  addVerificationQuery(builder);
  const rejection = addRejectionTypes(builder);
  addViewStatus(builder, rejection);
  addBridgeQueries(builder, rejection);
  const addCommand = addCommands(builder, { event, eventType, rejection });
  const parts = { builder, event, events, commandRecord, nodes, addCommand };
  for (const { addApi } of modules) addApi(parts);
  // Members are in the order of their definition: the identifying ones first.
  const schema = builder.toSchema({ sortSchema: false });
  guardRootFields(schema);
  orderArguments(schema);
  acceptTexts(schema, 'EventType');
  rejectUncleanArguments(schema);
  return schema;
}
