import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { ClientAddresses, type ConnectionAddresses } from '../../../src/http/limits/client-addresses.ts';

describe('the address of a connection', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
  ])('%s is counted as %s', (remote, name) => {
    expect(new ClientAddresses([]).identifyPeer(connectionOf(remote))).toEqual({ name, isProxy: false });
  });

  test('a Unix domain socket counts as a proxy if any proxies are trusted', () => {
    const connection = { remoteAddress: undefined, localAddress: undefined };
    expect(new ClientAddresses([]).identifyPeer(connection).isProxy).toBe(false);
    expect(new ClientAddresses(['10.0.0.1']).identifyPeer(connection).isProxy).toBe(true);
  });

  test('that a client has reset already is not that of a proxy', () => {
    expect(new ClientAddresses(['10.0.0.1']).identifyPeer(connectionOf(undefined)).isProxy).toBe(false);
  });
});

describe('the address of a client behind trusted proxies', () => {
  const addresses = new ClientAddresses(['10.0.0.0/8', '2001:db8:ffff::/48', '127.0.0.1']);

  test.each([
    ['10.1.2.3', true],
    ['::ffff:10.1.2.3', true],
    ['2001:db8:ffff:1::1', true],
    ['127.0.0.1', true],
    ['127.0.0.2', false],
    ['11.0.0.1', false],
    ['::1', false],
  ])('the peer %s is a trusted proxy: %s', (remote, isProxy) => {
    expect(addresses.identifyPeer(connectionOf(remote)).isProxy).toBe(isProxy);
  });

  test.each([
    ['198.51.100.7', '198.51.100.7', 'of one hop'],
    ['203.0.113.9, 198.51.100.7', '198.51.100.7', 'of which the client has written the first part'],
    ['198.51.100.7, 10.0.0.5 ,10.0.0.6', '198.51.100.7', 'through three proxies'],
    ['10.0.0.9, 198.51.100.7', '198.51.100.7', 'in which the client poses as a proxy'],
    ['198.51.100.7:4711', '198.51.100.7', 'with a port'],
    ['[2001:db8:1:2::3]:4711', '2001:db8:1:2::/64', 'with a port of IPv6'],
    ['2001:db8:1:2::3', '2001:db8:1:2::/64', 'of IPv6'],
    ['10.0.0.5, 10.0.0.6', '10.0.0.5', 'of proxies only'],
    ['198.51.100.7, nonsense', '10.0.0.1', 'whose last hop is no address'],
    ['198.51.100.7, , 10.0.0.6', '10.0.0.6', 'with an empty hop'],
    ['', '10.0.0.1', 'that is empty'],
    [undefined, '10.0.0.1', 'that is absent'],
  ])('the header %j leads to %s: one %s', (header, name, _what) => {
    expect(addresses.identifyForwarded(requestWith(header), '10.0.0.1')).toBe(name);
  });

  test('a header of 16,000 characters is read from its end only', () => {
    const header = `${'10.0.0.9, '.repeat(1_600)}198.51.100.7`;
    expect(addresses.identifyForwarded(requestWith(header), '10.0.0.1')).toBe('198.51.100.7');
    // Not even a chain of proxies is followed for ever.
    expect(addresses.identifyForwarded(requestWith('10.0.0.9, '.repeat(1_600)), '10.0.0.1')).toMatch(/^10\./);
  });
});

/** @param remoteAddress `undefined`: the client has left */
function connectionOf(remoteAddress: string | undefined): ConnectionAddresses {
  return { remoteAddress, localAddress: '192.0.2.99' };
}

function requestWith(forwarded: string | undefined): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  if (forwarded !== undefined) req.headers['x-forwarded-for'] = forwarded;
  return req;
}
