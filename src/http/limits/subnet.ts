import { isIPv6 } from 'node:net';

/** Beginning of an IPv4 address that is written as an IPv6 address. @see RFC 4291, section 2.5.5.2 */
const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** Number of 16-bit groups of an IPv6 address, and of those that name its network. */
const GROUPS = 8;
const NETWORK_GROUPS = 4;

/** Returns an address in its usual form: without a zone, and an IPv4 address that is written as an IPv6 address as IPv4. */
export function normalizeAddress(address: string): string {
  const [withoutZone = ''] = address.split('%');
  return MAPPED.exec(withoutZone)?.[1] ?? withoutZone;
}

/**
 * Returns the name under which all addresses of one customer of a network are counted: an IPv4 address itself, and the first 64 bits of an IPv6
 * address. A customer has at least 2^64 IPv6 addresses, so that a single one means nothing.
 * @param address in the form of `normalizeAddress`
 */
export function nameSubnet(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const first = splitGroups(head);
  const last = splitGroups(tail ?? '');
  const zeros = tail === undefined ? 0 : GROUPS - first.length - last.length;
  const groups = [...first, ...Array<string>(Math.max(zeros, 0)).fill('0'), ...last];
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16).toString(16));
  return `${network.join(':')}::/64`;
}

/** An IPv4 address at the end takes the place of two groups, none of which names the network. */
function splitGroups(text: string): string[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => (group.includes('.') ? ['0', '0'] : group));
}
