import { expect, test } from '@jest/globals';
import { chooseProxy } from '../../src/doctor/proxy.ts';

const PROXIES = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'secure:3129' };

test.each<[string, Record<string, string>, string | undefined]>([
  ['http://voice.example', PROXIES, 'http://plain:3128'],
  ['https://voice.example', PROXIES, 'http://secure:3129'],
  ['http://voice.example', { ...PROXIES, http_proxy: 'http://small:1' }, 'http://small:1'],
  ['http://voice.example', { HTTPS_PROXY: 'http://secure:3129' }, undefined],
  ['http://voice.example', { HTTP_PROXY: '' }, undefined],
  ['http://voice.example', { ...PROXIES, NO_PROXY: '*' }, undefined],
  ['http://voice.example', { ...PROXIES, NO_PROXY: 'other.example, voice.example' }, undefined],
  ['http://voice.example', { ...PROXIES, no_proxy: '.example' }, undefined],
  ['http://voice.example', { ...PROXIES, NO_PROXY: '*.example' }, undefined],
  ['http://voice.example', { ...PROXIES, NO_PROXY: 'oice.example' }, 'http://plain:3128'],
  ['http://voice.example:8000', { ...PROXIES, NO_PROXY: 'voice.example:8000' }, undefined],
  ['http://voice.example', { ...PROXIES, NO_PROXY: 'voice.example:8000' }, 'http://plain:3128'],
  ['https://voice.example', { ...PROXIES, NO_PROXY: 'voice.example:443' }, undefined],
])('for %s with the environment %j the proxy is %s', (url, env, proxy) => {
  expect(chooseProxy(new URL(url), env)?.url).toBe(proxy);
});
