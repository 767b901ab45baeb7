import { stocks } from './stocks.ts';
import { makers, takers } from './traders.ts';

/** Lines that say what to try in the running market; shown below the server's addresses. */
export function welcomeLines(url: string): readonly string[] {
  const book = '{ instrument(symbol: \\"MSFT\\") { lastPrice orderBook(depth: 3) {';
  const maker = makers[0];
  return [
    `  ${stocks.length} stocks and ${makers.length + takers.length} traders.`,
    '  Try these in GraphiQL, each in a new tab:',
    '',
    '    subscription { orderBook(symbol: "MSFT", depth: 5) { orderBook {',
    '      asks { price quantity } bids { price quantity } } } }',
    '',
    `    subscription { portfolio(accountId: "${maker?.accountId}") { portfolio {`,
    '      cash marketValue equity realizedPnl unrealizedPnl } } }',
    '',
    '  Or in another terminal:',
    '',
    `    curl -s ${url}/graphql -H 'content-type: application/json' \\`,
    `      -d '{"query": "${book} asks { price quantity } bids { price quantity } } } }"}'`,
  ];
}
