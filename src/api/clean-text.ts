import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { isCleanText } from '../lib/clean-text.ts';
import { badInput } from './errors.ts';

/**
 * Makes every field of the schema reject arguments with text that PostgreSQL cannot store: a NUL or
 * an unpaired surrogate. Wraps the resolvers in place.
 */
export function rejectUncleanArguments(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const objects = Object.values(schema.getTypeMap()).filter(isObjectType);
  for (const type of objects) {
    const isRoot = roots.includes(type);
    for (const field of Object.values(type.getFields())) {
      if (field.args.length === 0 || type.name.startsWith('__')) continue;
      const { resolve = defaultFieldResolver, subscribe } = field;
      field.resolve = (source, args, context, info) => {
        assertClean(args);
        return resolve(source, args, context, info);
      };
      if (!isRoot || subscribe === undefined) continue;
      field.subscribe = (source, args, context, info) => {
        assertClean(args);
        return subscribe(source, args, context, info);
      };
    }
  }
}

function assertClean(value: unknown): void {
  if (typeof value === 'string') {
    if (isCleanText(value)) return;
    badInput('text must not contain a NUL or an unpaired surrogate');
  }
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) assertClean(member);
}
