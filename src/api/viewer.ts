import { roleDescriptions } from '../kernel/role.ts';
import { oneLine } from '../lib/one-line.ts';
import type { Builder } from './builder.ts';
import type { RequestContext } from './request-context.ts';
import { access } from './root-access.ts';

/** Adds `Query.viewer`; returns the enum of roles. */
export function addViewer(builder: Builder) {
  const role = builder.enumType('Role', {
    description: 'What an actor is for. An actor with several roles has the rights of all of them.',
    values: Object.fromEntries(
      Object.entries(roleDescriptions).map(([name, description]) => [name, { description }]),
    ) as Readonly<Record<keyof typeof roleDescriptions, { readonly description: string }>>,
  });
  const viewer = builder.objectRef<Pick<RequestContext, 'actor' | 'roles'>>('Viewer').implement({
    description: 'The actor who sends the request.',
    fields: (t) => ({
      actor: t.exposeString('actor', {
        description: oneLine`The name of the actor: the sub claim of its token, or \`operator\` if
            the server has no authentication settings.`,
      }),
      roles: t.field({
        type: [role],
        description: oneLine`The roles in the actor's token. An actor whose token has none is a
            CUSTOMER, and an actor without a token has all roles.`,
        resolve: ({ roles }) => [...roles],
      }),
    }),
  });
  builder.queryField('viewer', (t) =>
    t.field({
      extensions: access('EVERYONE'),
      type: viewer,
      nullable: true,
      description: 'Returns the actor who sends the request, and its roles.',
      resolve: (_root, _args, { actor, roles }) => ({ actor, roles }),
    }),
  );
  return role;
}

export type RoleRef = ReturnType<typeof addViewer>;
