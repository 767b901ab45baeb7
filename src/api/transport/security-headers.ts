import type { IncomingMessage } from 'node:http';

/** Nothing may be loaded or run, and no page may show the answer in a frame. */
const nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const plain = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': nothing,
  // Pages of other origins that may read answers do so with CORS, which this does not concern.
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** A browser that came by https never comes without it again, for half a year. */
const encrypted = { ...plain, 'strict-transport-security': 'max-age=15552000' } as const;

/**
 * The headers with which browsers restrict what an answer can do. This server does not speak TLS
 * itself, so it requires https of browsers only if a proxy says that they use it.
 */
export function securityHeadersFor({ headers }: IncomingMessage): typeof plain {
  return headers['x-forwarded-proto'] === 'https' ? encrypted : plain;
}

/**
 * The policy of a page with one inline script, which is named by its hash. `style-src` allows
 * inline styles, because the editor of GraphiQL makes them as it runs.
 */
export function policyOfPage(scriptHash: string): string {
  return [
    nothing,
    `script-src '${scriptHash}'`,
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    'worker-src blob:',
  ].join('; ');
}

/** The policy of a page without scripts. */
export const policyOfText = nothing;
