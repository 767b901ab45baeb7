import type { CodegenConfig } from '@graphql-codegen/cli';

/**
 * The configuration of GraphQL Code Generator: `npx graphql-codegen --config codegen.ts` prints
 * `schema/typed-documents.ts`, the operations of the tour with their types. Copy it to start with
 * another folder of operations.
 *
 * Run by itself (`npm run schema`), this file prints all of schema/; see print-schema.ts.
 */
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: 'schema/operations.graphql',
  generates: {
    'schema/typed-documents.ts': {
      plugins: ['typescript-operations', 'typed-document-node'],
      config: {
        // A string with types: the browser needs no parser of GraphQL.
        documentMode: 'string',
        enumType: 'string-literal',
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          DateTime: 'string',
          Decimal: 'string',
          ID: 'string',
          JSON: 'unknown',
          Moment: 'string',
          Sequence: 'string',
        },
      },
    },
  },
};

export default config;

if (process.argv[1] === import.meta.filename) {
  const { printSchemaFiles } = await import('./print-schema.ts');
  await printSchemaFiles(config, process.argv.includes('--check'));
}
