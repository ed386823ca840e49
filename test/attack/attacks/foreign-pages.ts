import type { Attack } from '../attack.ts';
import { formatHandshake } from '../client/web-socket-frames.ts';
import { HONEST_TOKEN } from '../credentials.ts';
import type { Target } from '../target.ts';
import { exchange } from './exchange.ts';

/** Attacks by a foreign page in the browser of an honest user. */
export const foreignPageAttacks: readonly Attack[] = [
  {
    name: 'rebinding-hosts',
    does: 'names hosts that a foreign page can make resolve to this machine',
    stoppedBy: 'Host is checked on loopback and against ALLOWED_HOSTS: 403, or 400 for a doubled or missing one',
    async run(target) {
      const hosts = [
        'attacker.example',
        'localhost.attacker.example',
        '127.0.0.1.nip.io',
        'localhost:80@attacker.example',
        'localhost\t.x',
        '[::1].attacker.example',
        '127.0.0.1.',
        'localhost, attacker.example',
        '0x7f.1.attacker',
        '::1',
        '',
        ' ',
        'LOCALHOST.evil',
        '169.254.169.254',
        '0.0.0.0',
        'localhost/..',
        'app.localhost.example',
        'xn--localhost-x',
        '[::ffff:127.0.0.1].x',
      ];
      for (const host of hosts) await expectRefused(target, `Host: ${host}\r\n`);
      await expectRefused(target, 'Host: localhost\r\nHost: attacker.example\r\n');
      await expectRefused(target, 'Host: attacker.example\r\nHost: localhost\r\n');
      await expectRefused(target, '');
    },
  },
  {
    name: 'foreign-origins',
    does: 'sends requests as a foreign page in the browser of a user would',
    stoppedBy: 'Origin, Sec-Fetch-Site and ALLOWED_ORIGINS: 403',
    async run(target) {
      const origins = [
        'https://attacker.example',
        'null',
        'http://localhost.attacker.example',
        'http://localhost:1',
        'file://',
        'chrome-extension://a',
        'http://[::1',
        'http://127.0.0.1:9',
      ];
      for (const origin of origins) {
        await expectRefused(target, `Host: localhost\r\nOrigin: ${origin}\r\n`);
        await expectRefused(target, `Host: localhost\r\nOrigin: ${origin}\r\nSec-Fetch-Site: cross-site\r\n`);
      }
      for (const site of ['cross-site', 'same-site']) {
        await expectRefused(
          target,
          `Host: localhost\r\nSec-Fetch-Site: ${site}\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n`,
        );
      }
    },
  },
  {
    name: 'images-of-foreign-pages',
    does: 'opens sessions and changes a voice by images and scripts of a foreign page in browsers that name neither Origin nor Sec-Fetch-Site',
    stoppedBy: "a browser's GET without them counts only if its Referer is this server",
    async run(target) {
      const browser =
        'User-Agent: Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/15.6 Safari/605.1.15\r\n';
      for (const referer of [
        '',
        'Referer: https://attacker.example/\r\n',
        'Referer: http://localhost.attacker.example/\r\n',
        'Referer: x\r\n',
      ]) {
        await expectRefused(
          target,
          `Host: localhost\r\n${browser}Accept: image/png,image/*;q=0.8,*/*;q=0.5\r\n${referer}`,
          ['GET'],
        );
        await expectRefused(target, `Host: localhost\r\n${browser}Accept: */*\r\n${referer}`, ['GET']);
      }
    },
  },
  {
    name: 'cookie-riding',
    does: 'sends requests with the cookie of a user as a page of another site in the browser of that user would',
    stoppedBy: 'Origin and Sec-Fetch-Site: 403; browsers do not send a cookie with SameSite=Strict',
    server: 'gated',
    async run(target) {
      const cookie = `bidi_sse_token=${HONEST_TOKEN}`;
      const sources: Record<string, string>[] = [
        { Origin: 'https://attacker.example' },
        { Origin: 'null' },
        { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' },
        { Origin: 'https://attacker.example', 'Sec-Fetch-Site': 'same-site' },
      ];
      for (const source of sources) {
        const headers = { ...source, Cookie: cookie };
        const answers = [
          await target.request('/poll/honest/socket?wait=0', { headers }),
          await target.request('/events/honest/ridden?is_audio=true', { headers }),
          await target.request('/send/honest/socket', {
            headers: { ...headers, 'Content-Type': 'text/plain' },
            body: 'ridden',
          }),
          await target.request('/tickets/honest', { method: 'POST', headers }),
          await target.request('/sign-out', { method: 'POST', headers }),
        ];
        const connection = await target.connect();
        connection?.write(formatHandshake('/ws/honest?client=ridden', headers));
        answers.push(await connection?.nextAnswer(2_000));
        connection?.destroy();
        for (const answer of answers) {
          if (answer && answer.status !== 403)
            target.complain(`${JSON.stringify(source)} was answered ${answer.status}`);
        }
      }
    },
  },
];

/** Complains if a request with these headers is answered as an honest one would be. */
async function expectRefused(target: Target, headers: string, methods = ['GET', 'POST']): Promise<void> {
  for (const line of ['GET /poll/victim?wait=0', 'GET /events/victim', 'POST /send/victim']) {
    if (target.over || !methods.some((method) => line.startsWith(method))) continue;
    const length = line.startsWith('POST') ? 'Content-Length: 2\r\nContent-Type: text/plain\r\n' : '';
    const [answer] = await exchange(
      target,
      `${line} HTTP/1.1\r\n${headers}${length}Connection: close\r\n\r\n${length && 'hi'}`,
    );
    if (answer && answer.status !== 400 && answer.status !== 403)
      target.complain(`${line} with ${JSON.stringify(headers)} was answered ${answer.status}`);
  }
}
