import type { ApiParts } from '../../../api/api-parts.ts';
import { asOfDescription } from '../../../api/as-of.ts';
import { parseText } from '../../../api/input.ts';
import { access } from '../../../api/root-access.ts';
import type { ApiModule } from '../../../api/schema.ts';
import { oneLine } from '../../../lib/one-line.ts';
import { parties } from '../context.ts';
import { addPersonCommands } from './commands.ts';
import { findPerson, findPersonNode, personTypes } from './person.ts';

/** The people and their part of the API. */
export const partiesModule: ApiModule = { context: parties, addApi };

function addApi(parts: ApiParts): void {
  const refs = personTypes(parts);
  parts.nodes.register((key, at, context) => findPersonNode(context, key, at));
  parts.builder.queryField('person', (t) =>
    t.field({
      extensions: access('PEOPLE'),
      type: refs.person,
      nullable: true,
      description: oneLine`Returns a person, as of a moment. Null if there was none then.
        OPERATOR, AUDITOR and ADMIN see everyone; other actors see themselves.`,
      args: {
        id: t.arg.id({ required: true, description: 'The personId, as it was given.' }),
        asOf: t.arg({ type: 'Moment', description: asOfDescription }),
      },
      resolve: async (_root, { id, asOf }, context) =>
        findPerson(context, parseText('id', id), await context.readPointOf(asOf)),
    }),
  );
  addPersonCommands(parts, refs);
}
