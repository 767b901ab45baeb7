import { type GraphiQLOptions, renderGraphiQL } from 'graphql-yoga';

/** An operation that can be run from the page. */
export interface Example {
  readonly title: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** Renders the page from its options. Yoga's default loads its scripts from a CDN. */
export type RenderGraphiQL = (options: GraphiQLOptions) => string;

/**
 * Renders the GraphiQL page, with a tab for each example and subscriptions over WebSocket.
 *
 * The `render` of `@graphql-yoga/render-graphiql` puts everything into the page, so that it works
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
    // This option is undeclared, but the tab that is open first takes its variables only from it.
    ...(tabs[0]?.variables ? { variables: tabs[0].variables } : {}),
  });
  return Buffer.from(page);
}

/** The page of a server without GraphiQL. */
export function graphiqlDisabledPage(reason: string): Buffer {
  const text = `GraphiQL is disabled on this server (${reason}).`;
  return Buffer.from(`<!doctype html><title>Daybook</title><p>${text}</p>\n`);
}
