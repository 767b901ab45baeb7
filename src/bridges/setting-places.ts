/** The members of an entry that name the system to which its bridge connects. */
export interface Located {
  readonly kind: string;
  readonly servers?: readonly string[];
  readonly brokers?: readonly string[];
  readonly region?: string;
}

const natsPort = '4222';

/**
 * The place of each entry, in their order: the system that it connects to, named by one of its
 * addresses. Entries of one kind have the same place if they share an address, also through a third
 * entry that has addresses of both.
 */
export function placesOf(entries: readonly Located[]): readonly string[] {
  const lists = entries.map(addressesOf);
  const systems = lists.reduce<readonly ReadonlySet<string>[]>((found, list) => {
    const joined = found.filter((system) => list.some((address) => system.has(address)));
    const others = found.filter((system) => !joined.includes(system));
    return [...others, new Set([...joined.flatMap((system) => [...system]), ...list])];
  }, []);
  return lists.map(([first = '']) => {
    const [name = first] = systems.find((system) => system.has(first)) ?? [];
    return name;
  });
}

function addressesOf({ kind, servers, brokers, region }: Located): readonly string[] {
  const named = servers ?? brokers;
  if (named === undefined) return [`${kind} ${region}`];
  const port = servers === undefined ? '' : natsPort;
  return named.map((address) => `${kind} ${toPlainAddress(address, port)}`);
}

/** An address in one of the forms that the clients accept, as its host and port. */
function toPlainAddress(address: string, defaultPort: string): string {
  const bare = address
    .trim()
    .toLowerCase()
    .replace(/^.*:\/\//, '')
    .replace(/\/.*$/, '');
  const unmapped = bare.replace(/^\[?::ffff:(\d+\.\d+\.\d+\.\d+)\]?/, '$1');
  // Without brackets, an IPv6 address has no port.
  const isIpv6 = !unmapped.startsWith('[') && unmapped.split(':').length > 2;
  const [, named, port] = isIpv6 ? [null, unmapped] : (/^(.*?)(?::(\d+))?$/.exec(unmapped) ?? []);
  const host = (named ?? '').replaceAll(/[[\]]/g, '');
  const isThisMachine = host === 'localhost' || host === '::1';
  return `${isThisMachine ? '127.0.0.1' : host} ${Number(port ?? defaultPort)}`;
}
