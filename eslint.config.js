import graphql from '@graphql-eslint/eslint-plugin';

/** The linter of the printed schema and of the operations of the tour; Biome checks all code. */
const languageOptions = {
  parser: graphql.parser,
  parserOptions: {
    graphQLConfig: { schema: 'schema/schema.graphql', documents: 'schema/operations.graphql' },
  },
};
const plugins = { '@graphql-eslint': graphql };
const recommended = graphql.configs['flat/schema-recommended'].rules;
const [, naming] = recommended['@graphql-eslint/naming-convention'];
const { EnumValueDefinition, ...otherNames } = naming;

const schemaRules = {
  ...recommended,
  ...graphql.configs['flat/schema-relay'].rules,
  '@graphql-eslint/require-description': [
    'error',
    {
      types: true,
      rootField: true,
      DirectiveDefinition: true,
      EnumValueDefinition: true,
      FieldDefinition: true,
      InputValueDefinition: true,
    },
  ],
  '@graphql-eslint/naming-convention': [
    'error',
    {
      ...otherNames,
      // The values of EventType are the names of the events in the log and of their object types.
      'EnumValueDefinition[parent.name.value!=EventType]': EnumValueDefinition,
      'EnumValueDefinition[parent.name.value=EventType]': 'PascalCase',
    },
  ],
  // The plain key of a thing is a field of its own name, as `id` names it at a moment: `accountId`.
  '@graphql-eslint/no-typename-prefix': 'off',
  // What is a Node has an id. Answers, errors, frames and pages are not things to be found again.
  '@graphql-eslint/strict-id-in-types': [
    'error',
    {
      exceptions: {
        suffixes: ['Connection', 'Edge', 'Error', 'Frame', 'Page', 'Payload'],
        types: [
          // Found by its name, without a past.
          'Bridge',
          'Consumer',
          'View',
          'ViewStatus',
          // A part of one thing, or the state of the whole log.
          'Candle',
          'CausalNode',
          'CausalTree',
          'Change',
          'Comparison',
          'Contribution',
          'Explanation',
          'Grant',
          'Log',
          'PageInfo',
          'PriceLevel',
          'ProposedEvent',
          'Viewer',
          'TrialBalance',
          'TrialBalanceAsset',
          'TrialBalanceDifference',
          'TrialBalanceEntry',
          'Verification',
        ],
      },
    },
  ],
  // Short lists, such as the price levels of a book, are complete: they have no pages. A test checks
  // which edges have nodes that are no Node.
  '@graphql-eslint/relay-edge-types': [
    'error',
    { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
  ],
  // A test checks which connections have no paging arguments.
  '@graphql-eslint/relay-arguments': 'off',
};

export default [
  {
    files: ['schema/schema.graphql'],
    languageOptions,
    plugins,
    rules: schemaRules,
  },
  {
    files: ['schema/operations.graphql'],
    languageOptions,
    plugins,
    rules: graphql.configs['flat/operations-recommended'].rules,
  },
];
