import type { LookupAddress, LookupOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Finds all addresses of a host name, as `lookup` of `node:dns/promises` does. */
export type Resolve = (
  host: string,
  options: LookupOptions & { all: true },
) => Promise<readonly LookupAddress[]>;

/** A connection would go to an address that is not public. The message names only the host. */
export class PrivateAddressError extends Error {
  readonly code = 'PRIVATE_ADDRESS';
  /** `isLasting`: the host has addresses, and none is public, so that another attempt fails too. */
  constructor(
    readonly host: string,
    readonly isLasting: boolean,
  ) {
    super(`${host} is not a public address: use a public one or set allowPrivate`);
  }
}

/**
 * Whether an address is a unicast address of the public internet. Private, loopback, link-local,
 * carrier-grade, multicast and reserved addresses are not, nor are IPv6 addresses that stand for
 * IPv4 addresses (mapped, NAT64, 6to4, Teredo), because those may lead to any of them.
 */
export function isPublicAddress(address: string): boolean {
  return isIP(address) !== 0 && ipaddr.parse(address).range() === 'unicast';
}

/**
 * A `lookup` for sockets that refuses host names with an address that is not public. The socket
 * connects to the address that was checked, so a name that resolves differently a moment later (DNS
 * rebinding) has no effect.
 */
export function createPublicLookup(resolve: Resolve): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }).then(
      (addresses) => {
        const [first] = addresses;
        const isPublic = addresses.map(({ address }) => isPublicAddress(address));
        if (first === undefined || isPublic.includes(false)) {
          const isLasting = first !== undefined && !isPublic.includes(true);
          callback(new PrivateAddressError(host, isLasting), '', 0);
        } else if (options.all === true) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, '', 0),
    );
  };
}

/**
 * The host of a URL if it is an address, which sockets use without a lookup. Null if it is a name.
 * `URL` has already converted numbers such as 0x7f000001 to dotted quads.
 */
export function toLiteralAddress({ hostname }: URL): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? null : bare;
}
