import { createHash } from 'node:crypto';
import { type GraphiQLOptions, renderGraphiQL } from 'graphql-yoga';
import { policyOfPage, policyOfText } from './security-headers.ts';

/** An operation that can be run from the page. */
export interface Example {
  readonly title: string;
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
}

/** A page, and its Content-Security-Policy. */
export interface Page {
  readonly body: Buffer;
  readonly policy: string;
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
): Page {
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
  return { body: Buffer.from(page), policy: policyOfPage(hashOfScript(page)) };
}

/** Browsers hash the text of the script after they have normalized its line ends. */
function hashOfScript(page: string): string {
  const begin = page.indexOf(scriptBegin) + scriptBegin.length;
  const script = page.slice(begin, page.lastIndexOf('</script>')).replaceAll(/\r\n?/g, '\n');
  return `sha256-${createHash('sha256').update(script).digest('base64')}`;
}

const scriptBegin = '<script>';

/** The page of a server without GraphiQL. */
export function graphiqlDisabledPage(reason: string): Page {
  const text = `GraphiQL is disabled on this server (${reason}).`;
  const body = Buffer.from(`<!doctype html><title>Daybook</title><p>${text}</p>\n`);
  return { body, policy: policyOfText };
}
