import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type Answer, RawConnection } from './client/raw-connection.ts';

/** Maximum number of complaints that a report keeps. */
const MAX_COMPLAINTS = 8;
/** Maximum number of connections that an attack holds. The limit of descriptors of this process is higher. */
const MAX_CONNECTIONS = 6_000;
const CONNECT_MS = 5_000;

let targets = 0;

export interface RequestOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Local address that the request comes from. Default: that of the attacker. */
  readonly from?: string;
}

/** The server as an attacker sees it. Keeps account of the answers, and of what must not have happened. */
export class Target {
  readonly host = '127.0.0.1';
  readonly port: number;
  /** 0 to 1: part of its full size at which the attack runs. */
  readonly scale: number;
  readonly random: () => number;
  readonly #deadline: number;
  /** Number of the attack: each has users and addresses of its own, so that the limits of one do not spare the next. */
  readonly #tag = ++targets;
  readonly #sockets = new Set<Socket>();
  readonly #answers = new Map<string, number>();
  readonly #complaints: string[] = [];
  readonly #notes: string[] = [];

  constructor(options: { port: number; scale: number; random: () => number; ms: number }) {
    this.port = options.port;
    this.scale = options.scale;
    this.random = options.random;
    this.#deadline = performance.now() + options.ms;
  }

  /** Name of a user that no other attack has used. */
  get name(): string {
    return `mallory-${this.#tag}`;
  }

  /** Returns one of many such users. */
  user(index: number): string {
    return `${this.name}-${index}`;
  }

  /** Whether the time of the attack is over. */
  get over(): boolean {
    return performance.now() >= this.#deadline;
  }

  get leftMs(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  /** Number of answers by status and code. */
  get answers(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#answers);
  }

  /** What must not have happened, but did. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  /** Figures of the attack itself. */
  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Connections that are open. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Returns `count` at the scale of the run, and at least 1. */
  times(count: number): number {
    return Math.max(1, Math.round(count * this.scale));
  }

  /** Returns one of the attacker's addresses: all of 127.0.0.0/8 is this machine, and honest users come from 127.0.0.1. */
  address(index = 0): string {
    return `127.${1 + (this.#tag % 250)}.${Math.floor(index / 250) % 250}.${(index % 250) + 1}`;
  }

  /** Records something that a safe server does not do. */
  complain(text: string): void {
    if (this.#complaints.length < MAX_COMPLAINTS && !this.#complaints.includes(text)) this.#complaints.push(text);
  }

  /** Records a figure for the report. */
  note(text: string): void {
    this.#notes.push(text);
  }

  /** Counts an answer by its status and code, and complains about one that is not in the catalogue's form. */
  count(answer: Answer | undefined): void {
    const key = answer ? `${answer.status}${answer.code ? ` ${answer.code}` : ''}` : 'closed';
    this.#answers.set(key, (this.#answers.get(key) ?? 0) + 1);
    if (answer?.status === 500) this.complain(`answered ${key}: ${answer.body.slice(0, 200)}`);
  }

  /** Opens a TCP connection. @returns `undefined` if the server does not accept it, or the attack is over */
  async connect(from = this.address()): Promise<RawConnection | undefined> {
    if (this.#sockets.size >= MAX_CONNECTIONS) return undefined;
    const socket = connect({ port: this.port, host: this.host, localAddress: from, noDelay: true });
    this.#sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#sockets.delete(socket));
    try {
      await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_MS) });
    } catch {
      socket.destroy();
      return undefined;
    }
    return new RawConnection(socket);
  }

  /** Sends one request on a connection of its own, and counts the answer. @returns `undefined` if there is none */
  async request(path: string, options: RequestOptions = {}): Promise<Answer | undefined> {
    const connection = await this.connect(options.from);
    if (!connection) return undefined;
    connection.write(formatRequest(path, { ...options, headers: { Connection: 'close', ...options.headers } }));
    const answer = await connection.nextAnswer(Math.max(this.leftMs, 2_000));
    connection.destroy();
    this.count(answer);
    return answer;
  }

  /**
   * Opens a live session of a user, and keeps a stream on it that reads everything.
   * @returns its epoch, or `undefined` if the server refuses
   */
  async openSession(user: string, from = this.address()): Promise<string | undefined> {
    const stream = await this.openStream(`/events/${user}?client=keeper`, from);
    await stream?.waitFor('"epoch":"', 3_000);
    return /"epoch":"([^"]+)"/.exec(stream?.text ?? '')?.[1];
  }

  /** Opens a stream that reads everything. @returns `undefined` if there is no connection */
  async openStream(
    path: string,
    from?: string,
    headers: Record<string, string> = {},
  ): Promise<RawConnection | undefined> {
    const connection = await this.connect(from);
    connection?.write(formatRequest(path, { headers }));
    return connection;
  }

  /** Waits, at most until the attack is over. */
  async wait(ms: number): Promise<void> {
    await delay(Math.min(ms, this.leftMs));
  }

  /** Runs `work` with consecutive numbers until `count` or the end of the time, `lanes` at once. */
  async inLanes(lanes: number, count: number, work: (index: number) => Promise<unknown>): Promise<void> {
    let next = 0;
    const lane = async () => {
      while (next < count && !this.over) await work(next++);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
  }

  /** Closes every connection of the attack. */
  close(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** Formats a request as bytes of HTTP/1.1. */
export function formatRequest(path: string, { method, headers = {}, body }: RequestOptions = {}): Buffer {
  const head = [`${method ?? (body === undefined ? 'GET' : 'POST')} ${path} HTTP/1.1`];
  const all: Record<string, string> = { Host: 'localhost', ...headers };
  if (body !== undefined && all['Transfer-Encoding'] === undefined)
    all['Content-Length'] ??= `${Buffer.byteLength(body)}`;
  for (const [name, value] of Object.entries(all)) head.push(`${name}: ${value}`);
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'), Buffer.from(body ?? '')]);
}
