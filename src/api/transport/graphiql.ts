import { type GraphiQLOptions, renderGraphiQL } from 'graphql-yoga';

/** An operation ready to be run from the page. */
export interface Example {
  readonly title: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Makes the page from its options; Yoga's own loads its scripts from a CDN. */
export type RenderGraphiQL = (options: GraphiQLOptions) => string;

/**
 * The GraphiQL page, one tab for each example, subscriptions over WebSocket.
 *
 * `render` from `@graphql-yoga/render-graphiql` has everything inside the page and so works
 * without the internet.
 */
export function renderGraphiqlPage(
  examples: readonly Example[],
  render: RenderGraphiQL = renderGraphiQL,
): Buffer {
  const tabs = examples.map(({ title, query, variables }) => ({
    query: `# ${title}\n${query.trim()}\n`,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  }));
  const page = render({
    title: 'Daybook',
    endpoint: '/graphql',
    subscriptionsProtocol: 'WS',
    ...(tabs[0] === undefined ? {} : { defaultTabs: tabs }),
    // Not declared, but read: the tab that is open at first takes its variables from here only.
    ...(tabs[0]?.variables ? { variables: tabs[0].variables } : {}),
  });
  return Buffer.from(page);
}
