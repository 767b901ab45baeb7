import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { TransportError } from './reply-error.ts';

/** Returns why a request is refused before its body is read; null if it is not. */
export type CheckAccess = (request: IncomingMessage) => TransportError | null;

/** Which hosts, and which pages in browsers, may use a server. */
export interface RequestAccess {
  readonly checkRequest: CheckAccess;
  readonly checkUpgrade: CheckAccess;
  /** Whether pages of an origin other than the server's may use it. */
  allowsOrigin(origin: string): boolean;
}

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
 * Decides which pages may use a server: those of the listed origins and those on loopback, and the
 * server's own. The rule is the same over HTTP and over WebSocket. Over HTTP with tokens, the
 * browser enforces it by the headers of `allowOrigin`.
 *
 * A server that runs without authentication trusts every client that can reach it. A page on the
 * internet can make its visitor's browser send requests here: under the page's own host name, once
 * that resolves to 127.0.0.1 (DNS rebinding), or across origins. The header Host shows the first,
 * Origin the second. With tokens neither is a danger, as no browser adds one by itself.
 */
export function createAccess(
  isAuthenticated: boolean,
  corsOrigins: ReadonlySet<string>,
): RequestAccess {
  const allowsOrigin = (origin: string) => corsOrigins.has(origin) || isLoopbackOrigin(origin);

  function checkHost({ headers }: IncomingMessage): TransportError | null {
    if (!isLoopbackHost(headers.host ?? '')) return misdirected;
    const { origin } = headers;
    return origin === undefined || allowsOrigin(origin) ? null : foreign;
  }

  function checkOrigin({ headers }: IncomingMessage): TransportError | null {
    const { origin } = headers;
    if (origin === undefined || allowsOrigin(origin) || isSameOrigin(origin, headers)) return null;
    return foreign;
  }

  return {
    checkRequest: isAuthenticated ? () => null : checkHost,
    checkUpgrade: isAuthenticated ? checkOrigin : checkHost,
    allowsOrigin,
  };
}

/** Whether the page is of this server. Behind a proxy that changes Host, browsers still say so. */
function isSameOrigin(origin: string, headers: IncomingHttpHeaders): boolean {
  if (headers['sec-fetch-site'] === 'same-origin') return true;
  return URL.canParse(origin) && new URL(origin).host === headers.host?.toLowerCase();
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
