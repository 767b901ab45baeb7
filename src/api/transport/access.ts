import type { IncomingMessage } from 'node:http';
import type { TransportError } from './reply-error.ts';

/** Tells why a request is refused before anything of it is read; null: it is not. */
export type CheckAccess = (request: IncomingMessage) => TransportError | null;

const misdirected: TransportError = {
  status: 421,
  code: 'MISDIRECTED_HOST',
  message: 'Without authentication this server answers to loopback host names only',
};
const foreign: TransportError = {
  status: 403,
  code: 'FORBIDDEN_ORIGIN',
  message: 'Pages of this origin may not use this server',
};

/**
 * Guards a server that trusts whoever can reach it.
 *
 * A page on the internet can make its visitor's browser send requests here: under the page's own
 * host name, once that resolves to 127.0.0.1 (DNS rebinding), or across origins. The first shows
 * in Host, the second in Origin. With tokens neither matters, as no browser adds one by itself.
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

/** Whether a Host header, with or without a port, names this machine for sure. */
export function isLoopbackHost(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '').toLowerCase();
  if (name === 'localhost' || name === '[::1]' || name.endsWith('.localhost')) return true;
  return /^127(?:\.\d{1,3}){3}$/.test(name);
}

function isLoopbackOrigin(origin: string): boolean {
  return URL.canParse(origin) && isLoopbackHost(new URL(origin).host);
}
