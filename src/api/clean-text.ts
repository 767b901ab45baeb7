import { defaultFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { isCleanText } from '../lib/clean-text.ts';
import { badInput, type InputPath } from './errors.ts';

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
  if (isClean(value)) return;
  const [name, ...rest] = uncleanPath(value) ?? [];
  badInput('text must not contain a NUL or an unpaired surrogate', String(name), ...rest);
}

function isClean(value: unknown): boolean {
  if (typeof value === 'string') return isCleanText(value);
  if (typeof value !== 'object' || value === null) return true;
  for (const member of Object.values(value)) if (!isClean(member)) return false;
  return true;
}

/** The path of the first text that is not clean; null if all are. */
function uncleanPath(value: unknown): InputPath | null {
  if (typeof value === 'string') return isCleanText(value) ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, member] of Object.entries(value)) {
    const path = uncleanPath(member);
    if (path !== null) return [Array.isArray(value) ? Number(name) : name, ...path];
  }
  return null;
}
