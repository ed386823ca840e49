import { parseArgs } from 'node:util';
import type { Examination } from './examination.ts';
import { examine } from './examine.ts';
import { withoutCredentials } from './foreign.ts';
import { openNetwork } from './network.ts';
import { LINES } from './progress-line.ts';
import { conclusion, findingLine, reportLine } from './report.ts';
import type { Target } from './target.ts';
import { putTroubleIntoWords } from './trouble.ts';
import { putIntoWords } from './words.ts';

const DEFAULT_SECONDS = 35;
const MOST_SECONDS = 3_600;

export const DOCTOR_USAGE = `bidi-sse doctor: what the network between here and a bidi-sse server does

Usage: npx bidi-sse doctor [options] URL     (URL: of the server, as http://localhost:8000)

  --seconds N            how long connections are watched for what ends them (default ${DEFAULT_SECONDS})
  --header 'NAME: VALUE' sent with each request, as Authorization; may be repeated
  --help                 this text

It opens one live session under a name of its own, says nothing to the model, and ends it. It goes through the proxy
that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, as a browser would.

Ends with 0 if nothing costs a conversation anything, 1 if nothing could be examined, 2 if something does.`;

/** @returns the exit code */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
      header: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    console.log(DOCTOR_USAGE);
    return 0;
  }
  const seconds = Number(values.seconds);
  const headers = readHeaders(values.header);
  const url = readUrl(positionals);
  if (typeof url !== 'object') return refuse(url);
  if (typeof headers !== 'object') return refuse(headers);
  if (!(values.seconds.trim() !== '' && seconds >= 1 && seconds <= MOST_SECONDS)) {
    return refuse(`--seconds takes a number from 1 to ${MOST_SECONDS}, not "${values.seconds}"`);
  }

  if (url.username !== '' || url.password !== '') {
    const credentials = decode(`${url.username}:${url.password}`);
    if (credentials === undefined)
      return refuse('The name or the password in the URL has a % that begins no %XX: write it as %25');
    // As browsers do with those of an address; `fetch` refuses them.
    headers.Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
    url.username = '';
    url.password = '';
  }
  const network = openNetwork(url, headers, process.env);
  if ('refusal' in network) return refuse(network.refusal);
  const { proxy } = network;
  const target: Target = {
    url: url.href.replace(/[?#].*$/, '').replace(/\/$/, ''),
    fetch: network.fetch,
    WebSocket: network.WebSocket,
    headers,
    userId: `doctor-${crypto.randomUUID()}`,
  };
  // Whoever reads only the first lines, as `head` does, has seen enough.
  process.stdout.on('error', () => process.exit(1));
  console.log(`\n  bidi-sse doctor   ${target.url}`);
  if (proxy) console.log(`  through the proxy ${withoutCredentials(proxy.url)} (${proxy.variable})`);
  console.log('');
  const ticker = startTicker(seconds);
  const printed = new Set<string>();
  const result = await examine(target, seconds * 1_000, (found) => {
    ticker.clear();
    for (const probe of Object.keys(LINES) as (keyof Examination)[]) {
      const finding = found[probe];
      if (finding === undefined || printed.has(probe)) continue;
      printed.add(probe);
      const line = findingLine(probe, finding);
      if (line) console.log(line);
    }
    if (found.socket && !found.hold) ticker.start();
  });
  ticker.clear();
  if ('kind' in result) return refuse(putTroubleIntoWords(result, target.url, proxy && withoutCredentials(proxy.url)));
  const words = putIntoWords(result);
  console.log(`\n${conclusion(words)}\n`);
  return words.hurts ? 2 : 0;
}

function refuse(why: string): number {
  console.error(`bidi-sse: ${why}`);
  return 1;
}

function readUrl(positionals: readonly string[]): URL | string {
  const [text, ...more] = positionals;
  if (text === undefined) return 'which server? Say its address: npx bidi-sse doctor http://localhost:8000';
  if (more.length > 0) return `one address at a time: "${withoutCredentials(more.join(' '))}" is one too many`;
  const shown = withoutCredentials(text);
  if (!URL.canParse(text)) return `"${shown}" is no address: say it whole, as http://localhost:8000`;
  const url = new URL(text);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  // `localhost:8000` is one with the scheme `localhost:`.
  if (/^[\w.-]+:\d+/.test(text)) return `"${shown}" is no address: say http://${shown} or https://${shown}`;
  return `"${shown}" is no address of a web server: it begins with http:// or https://`;
}

function readHeaders(given: readonly string[]): Record<string, string> | string {
  const headers: Record<string, string> = {};
  for (const each of given) {
    // Only what may stand in one: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(each) ?? [];
    // It may hold a secret: it is not said again.
    if (name === undefined || value === undefined)
      return "--header takes 'Name: value', without control characters and without letters that are not latin1";
    headers[name] = value;
  }
  return headers;
}

/** Says that it is still there, while connections are watched: on a terminal each second, elsewhere once. */
function startTicker(seconds: number): { start(): void; clear(): void } {
  let timer: NodeJS.Timeout | undefined;
  const { stdout } = process;
  return {
    start() {
      if (timer) return;
      const beganAt = Date.now();
      const say = () => `watching connections: ${Math.round((Date.now() - beganAt) / 1_000)} of ${seconds} s`;
      if (!stdout.isTTY) {
        console.error(reportLine('…', `watching connections for ${seconds} s`));
        return;
      }
      timer = setInterval(() => stdout.write(`\r${reportLine('…', say())}`), 1_000);
    },
    clear() {
      if (!timer) return;
      clearInterval(timer);
      timer = undefined;
      stdout.write('\r\x1b[K');
    },
  };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
