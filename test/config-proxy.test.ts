import { expect, test } from '@jest/globals';
import { ConfigError, readConfig } from '../src/config.ts';
import { readProxy } from '../src/config-proxy.ts';

test('readProxy returns nothing without a proxy, whatever NO_PROXY contains', () => {
  expect(readProxy({ NO_PROXY: 'example.com', HTTPS_PROXY: ' ' })).toEqual({ variables: {}, faults: [], secrets: [] });
});

test('readProxy reads the variables of both spellings, adds a missing scheme, and never sends this machine through the proxy', () => {
  const environment = { HTTPS_PROXY: 'http://upper:1', https_proxy: 'lower:3128', NO_PROXY: 'a.example, 10.0.0.1' };
  const { HTTPS_PROXY, NO_PROXY = '' } = readProxy(environment).variables;
  expect(HTTPS_PROXY).toBe('http://lower:3128');
  expect(NO_PROXY.split(',')).toEqual(
    expect.arrayContaining(['a.example', '.a.example', '10.0.0.1', 'localhost', '127.0.0.1-127.255.255.255', '::1']),
  );
});

test('readProxy lists the credentials of a proxy in each form that a log could contain', () => {
  const { secrets } = readProxy({ HTTPS_PROXY: 'http://user:p%40ssword@proxy.example:3128' });
  expect(secrets).toEqual(['p%40ssword', 'p@ssword', Buffer.from('user:p@ssword').toString('base64')]);
});

test.each(['socks5://name:hidden-text@proxy.example:1080', 'http://', 'http://name:%zz-hidden-text@proxy.example'])(
  'readConfig refuses the proxy %s without repeating it',
  (address) => {
    const read = () => readConfig({ HTTPS_PROXY: address });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/^(?![\s\S]*hidden-text)[\s\S]*HTTPS_PROXY: is not the address of an HTTP proxy/);
  },
);
