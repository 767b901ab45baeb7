import { defaultFieldResolver, type GraphQLField, type GraphQLSchema } from 'graphql';
import { maySeeLog } from '../access/log-access.ts';
import { codedError } from './errors.ts';
import type { RequestContext } from './request-context.ts';

/**
 * Who may read a root field. `EVERYONE`: every actor. `ACCOUNTS`: every actor, but the field shows
 * only what belongs to accounts that the actor may see. `PEOPLE`: every actor, but the field shows
 * only people whom the actor may see. `LOG`: those who may see the whole log.
 * `COMMAND`: the right is decided with the command.
 */
type RootAccess = 'EVERYONE' | 'ACCOUNTS' | 'PEOPLE' | 'LOG' | 'COMMAND';

/** Declares who may read a root field, in the `extensions` of its options. */
export function access(rule: RootAccess): { readonly access: RootAccess } {
  return { access: rule };
}

/**
 * Guards the root fields of a schema as they declare it. Throws if one declares nothing, so that no
 * program starts with a field to which nothing was decided.
 */
export function guardRootFields(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const root of roots) {
    for (const field of Object.values(root?.getFields() ?? {}))
      guard(`${root}.${field.name}`, field);
  }
}

function guard(name: string, field: GraphQLField<unknown, RequestContext>): void {
  const rule = field.extensions['access'];
  if (rule === undefined) throw new Error(`${name} does not declare who may read it`);
  if (rule !== 'LOG') return;
  field.description += ' Allowed for OPERATOR, AUDITOR and ADMIN.';
  const { resolve = defaultFieldResolver, subscribe } = field;
  const assertMaySee = ({ visibility: { caller } }: RequestContext): void => {
    if (maySeeLog(caller)) return;
    const reason = `${caller.actor} may not read ${name}, which shows the whole log`;
    throw codedError('FORBIDDEN', reason);
  };
  if (subscribe !== undefined) {
    field.subscribe = (root, args, context, info) => {
      assertMaySee(context);
      return subscribe(root, args, context, info);
    };
    return;
  }
  field.resolve = (root, args, context, info) => {
    assertMaySee(context);
    return resolve(root, args, context, info);
  };
}
