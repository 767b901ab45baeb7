import { expect, test } from 'vitest';
import { access } from '../../src/api/root-access.ts';
import { type ApiModule, buildSchema } from '../../src/api/schema.ts';

type Extensions = Readonly<Record<string, string>>;

/** A product with one root field. */
function createModule(extensions: Extensions): ApiModule {
  const context = { name: 'weather', events: {}, deciders: [], views: [] };
  return {
    context,
    addApi({ builder }) {
      const field = { nullable: true, description: 'The weather.', extensions } as const;
      builder.queryField('weather', (t) => t.string({ ...field, resolve: () => 'fair' }));
    },
  };
}

test('a schema with a root field that declares nothing is not built', () => {
  const build = (extensions: Extensions) => buildSchema([createModule(extensions)]);
  expect(() => build({})).toThrow('Query.weather does not declare who may read it');
  expect(() => build(access('EVERYONE'))).not.toThrow();
});

test('the description of a field for readers of the log says so', () => {
  const schema = buildSchema([createModule(access('LOG'))]);
  const field = schema.getQueryType()?.getFields()['weather'];
  expect(field?.description).toBe('The weather. Allowed for OPERATOR, AUDITOR and ADMIN.');
});
