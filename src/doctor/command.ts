import { parseArgs } from 'node:util';
import { isBearerToken } from '../client/access-token.ts';
import { askUserId } from './ask-user-id.ts';
import { describeTrouble } from './describe-trouble.ts';
import { diagnose } from './diagnosis.ts';
import type { Examination } from './examination.ts';
import { examine } from './examine.ts';
import { type Network, openNetwork } from './network.ts';
import { LINES } from './progress-line.ts';
import { formatDiagnosis, formatFinding, formatLine } from './report.ts';
import type { Target } from './target.ts';
import { removeCredentials } from './untrusted-text.ts';

const DEFAULT_SECONDS = 35;
const MAX_SECONDS = 3_600;

export const DOCTOR_USAGE = `bidi-sse doctor: tests the network between this machine and a bidi-sse server

Usage: npx bidi-sse doctor [options] URL     (URL of the server, such as http://localhost:8000 or localhost:8000)

  --seconds N            time for which connections are watched, in s (default ${DEFAULT_SECONDS})
  --token TOKEN          token of a server that requires one. The environment variable BIDI_SSE_TOKEN keeps it out of the
                         list of processes
  --header 'NAME: VALUE' header of each request, such as one that a proxy requires; can be repeated
  --help                 print this text

The doctor opens one live session of its own, sends nothing to the model, and ends the session. It uses the
proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name, as a browser would.

Exit status: 0 no problem that affects a conversation, 1 the server could not be tested, 2 problems found.`;

export const DOCTOR_OPTIONS = {
  seconds: { type: 'string', default: String(DEFAULT_SECONDS) },
  header: { type: 'string', multiple: true, default: [] as string[] },
  token: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** A mistake in the arguments. The message is for the user. */
class UsageError extends Error {}

/** Runs the command. @returns the exit status */
export async function doctor(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: DOCTOR_OPTIONS });
  if (values.help) {
    console.log(DOCTOR_USAGE);
    return 0;
  }
  try {
    const url = readUrl(positionals);
    const headers = readHeaders(values.header);
    addToken(values.token ?? process.env.BIDI_SSE_TOKEN, headers, url);
    const seconds = readSeconds(values.seconds);
    return await examineServer(url, headers, seconds);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return fail(error.message);
  }
}

async function examineServer(url: URL, headers: Record<string, string>, seconds: number): Promise<number> {
  moveCredentials(url, headers);
  const network = openNetwork(url, headers, process.env);
  if ('refusal' in network) return fail(network.refusal);
  const proxy = network.proxy && removeCredentials(network.proxy.url);
  const target = await createTarget(url, headers, network);
  // Exit if the reader closes the pipe after the first lines, as `head` does.
  process.stdout.on('error', () => process.exit(1));
  console.log(`\n  bidi-sse doctor   ${target.url}`);
  if (network.proxy) console.log(`  through the proxy ${proxy} (${network.proxy.variable})`);
  console.log('');
  const printer = new ProgressPrinter(seconds);
  const result = await examine(target, seconds * 1_000, (found) => printer.printNew(found));
  printer.stop();
  if ('kind' in result) return fail(describeTrouble(result, target.url, proxy));
  const diagnosis = diagnose(result);
  console.log(`\n${formatDiagnosis(diagnosis)}\n`);
  return diagnosis.hurts ? 2 : 0;
}

async function createTarget(url: URL, headers: Record<string, string>, network: Network): Promise<Target> {
  const { fetch, WebSocket } = network;
  const address = url.href.replace(/[?#].*$/, '').replace(/\/$/, '');
  const own = `doctor-${crypto.randomUUID()}`;
  const userId = (await askUserId({ url: address, fetch, headers })) ?? own;
  return { url: address, fetch, WebSocket, headers, userId, sessionId: own };
}

function fail(message: string): number {
  console.error(`bidi-sse: ${message}`);
  return 1;
}

/**
 * Reads the address of the server. An address without a scheme is read as `http://`.
 * @throws {UsageError}
 */
function readUrl(positionals: readonly string[]): URL {
  const [text, ...more] = positionals;
  if (text === undefined)
    throw new UsageError('The address of the server is missing, as in: npx bidi-sse doctor http://localhost:8000');
  if (more.length > 0)
    throw new UsageError(`Give one address only. "${removeCredentials(more.join(' '))}" is too many.`);
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const shown = removeCredentials(text);
  if (!URL.canParse(address))
    throw new UsageError(`"${shown}" is not a valid address. Use one such as http://localhost:8000`);
  const url = new URL(address);
  if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  throw new UsageError(`"${shown}" is not the address of a web server. Use http:// or https://`);
}

/** @throws {UsageError} */
function readHeaders(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const each of given) {
    // Allow the characters of RFC 9110, section 5.5: https://www.rfc-editor.org/rfc/rfc9110#name-field-values
    const [, name, value] = /^([\w!#$%&'*+.^`|~-]+):\s*([\t\x20-\x7e\x80-\xff]*)$/.exec(each) ?? [];
    // Do not repeat the value, which may be a secret.
    if (name === undefined || value === undefined)
      throw new UsageError("--header requires 'Name: value', without control characters and in latin1 characters only");
    headers[name] = value;
  }
  return headers;
}

/**
 * Adds the header that carries a token. An empty token counts as none.
 * @throws {UsageError}
 */
function addToken(token: string | undefined, headers: Record<string, string>, { username, password }: URL): void {
  if (!token) return;
  // Do not repeat the token in an error.
  if (!isBearerToken(token))
    throw new UsageError('The token is not valid: a token has letters, digits and . _ ~ + / - =, without spaces');
  const isTaken = Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
  if (isTaken || username !== '' || password !== '')
    throw new UsageError('A token is sent as Authorization. Give no other header Authorization, and no user name');
  headers.Authorization = `Bearer ${token}`;
}

/** @throws {UsageError} */
function readSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 1 && seconds <= MAX_SECONDS) return seconds;
  throw new UsageError(`--seconds requires a number from 1 to ${MAX_SECONDS}, not "${text}"`);
}

/**
 * Moves user name and password from an address into an Authorization header, as browsers do. `fetch` refuses such addresses.
 * @throws {UsageError}
 */
function moveCredentials(url: URL, headers: Record<string, string>): void {
  if (url.username === '' && url.password === '') return;
  try {
    const credentials = decodeURIComponent(`${url.username}:${url.password}`);
    headers.Authorization = `Basic ${Buffer.from(credentials).toString('base64')}`;
  } catch {
    throw new UsageError(
      'The user name or the password in the address contains a % that does not start %XX. Write it as %25',
    );
  }
  url.username = '';
  url.password = '';
}

/** Prints each finding once, and the time that has passed while connections are watched. */
class ProgressPrinter {
  readonly #seconds: number;
  readonly #printed = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #watching = false;

  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  printNew(found: Partial<Examination>): void {
    this.stop();
    for (const probe of Object.keys(LINES) as (keyof Examination)[]) {
      const finding = found[probe];
      if (finding === undefined || this.#printed.has(probe)) continue;
      this.#printed.add(probe);
      const line = formatFinding(probe, finding);
      if (line) console.log(line);
    }
    if (found.socket && !found.hold) this.#startClock();
  }

  /** Removes the clock from the terminal. */
  stop(): void {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    process.stdout.write('\r\x1b[K');
  }

  /** Shows the time: on a terminal a line that is updated every second, elsewhere a single line. */
  #startClock(): void {
    if (this.#watching) return;
    this.#watching = true;
    const { stdout } = process;
    if (!stdout.isTTY) {
      console.error(formatLine('…', `watching connections for ${this.#seconds} s`));
      return;
    }
    const startedAt = Date.now();
    this.#timer = setInterval(() => {
      const passed = Math.round((Date.now() - startedAt) / 1_000);
      stdout.write(`\r${formatLine('…', `watching connections: ${passed} of ${this.#seconds} s`)}`);
    }, 1_000);
  }
}
