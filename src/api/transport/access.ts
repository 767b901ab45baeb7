import type { IncomingMessage } from 'node:http';
import type { TransportError } from './reply-error.ts';

/** Returns why a request is refused before its body is read; null if it is not. */
export type CheckAccess = (request: IncomingMessage) => TransportError | null;

const misdirected: TransportError = {
  status: 421,
  code: 'MISDIRECTED_HOST',
  message: 'without authentication, this server accepts only loopback host names',
};
const foreign: TransportError = {
  status: 403,
  code: 'FORBIDDEN_ORIGIN',
  message: 'pages of this origin may not use this server: add the origin to CORS_ORIGINS',
};

/**
 * Guards a server that runs without authentication and so trusts every client that can reach it.
 *
 * A page on the internet can make its visitor's browser send requests here: under the page's own
 * host name, once that resolves to 127.0.0.1 (DNS rebinding), or across origins. The header Host
 * shows the first, Origin the second. With tokens neither matters: no browser adds one by itself.
 */
export function createAccessCheck(
  isAuthenticated: boolean,
  corsOrigins: ReadonlySet<string>,
): CheckAccess {
  if (isAuthenticated) return () => null;
  return function checkAccess({ headers }) {
    if (!isLoopbackHost(headers.host ?? '')) return misdirected;
    const { origin } = headers;
    if (origin === undefined || corsOrigins.has(origin) || isLoopbackOrigin(origin)) return null;
    return foreign;
  };
}

/** Whether a Host header, with or without a port, certainly names this machine. */
function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  if (name === 'localhost' || name === '[::1]' || name.endsWith('.localhost')) return true;
  return /^127(?:\.\d{1,3}){3}$/.test(name);
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).host);
}
