import type { Builder } from './builder.ts';
import type { AddCommand } from './command-mutation.ts';
import type { CommandRecordRef } from './command-record-type.ts';
import type { EventConnectionRefs } from './event-queries.ts';
import type { EventRef } from './event-types.ts';
import type { Nodes } from './nodes.ts';

/** What a bounded context needs to add its part to the API. */
export interface ApiParts {
  readonly builder: Builder;
  readonly event: EventRef;
  readonly events: EventConnectionRefs;
  readonly commandRecord: CommandRecordRef;
  readonly nodes: Nodes;
  readonly addCommand: AddCommand;
}

/** Adds a bounded context's types, queries, mutations and subscriptions. */
export type AddContextApi = (parts: ApiParts) => void;
